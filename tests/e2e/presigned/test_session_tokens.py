"""Presigned URLs of temporary credentials: nothing without their session token, and nothing keeps it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from functions import Functions
from signers import SIGNERS, Signer, ask
from store import PRIVATE, READING, READING_ELSEWHERE, STRANGER, Store, random_bytes

from scripts.stack.test_s3 import ROLE as TEST_S3_ROLE
from scripts.stack.test_s3 import Server

BODY = random_bytes(700_000, seed=12)
# All four sign by version 4 there; SeaweedFS takes no session token with version 2.
REGION = "eu-central-1"

each_signer = pytest.mark.parametrize("sign", SIGNERS.values(), ids=SIGNERS)


@each_signer
def test_temporary_credentials_open_what_their_role_may_read_and_nothing_without_their_token(
    functions: Functions, endpoint: str, store: Store, rust_presigner: Path, folder: Path, sign: Callable[..., str]
) -> None:
    # Taken by someone who may not read what the role may.
    mine, others, elsewhere = (
        Signer(store.server.endpoint, store.server.assume(role, STRANGER), rust_presigner, REGION)
        for role in (READING, READING, READING_ELSEWHERE)
    )
    key = store.put(sign.__name__, BODY, bucket=PRIVATE)
    token = str(mine.credentials.session_token)
    url = sign(mine, PRIVATE, key)
    altered = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    denied = [
        url.replace(token, altered),
        url.replace(f"&X-Amz-Security-Token={token}", ""),
        sign(elsewhere, PRIVATE, key),
        *(sign(with_token(mine, text), PRIVATE, key) for text in (others.credentials.session_token, None)),
    ]
    functions.news()
    for origin in ("object", "sidecar"):
        for wrong in denied:
            assert wrong != url
            answer = ask(endpoint, PRIVATE, key, wrong, folder)
            assert (answer.status, b"<Code>AccessDenied</Code>" in answer.body) == (403, True), wrong
        answer = ask(endpoint, PRIVATE, key, url, folder)
        assert (answer.status, answer.headers["x-torrent-origin"]) == (200, origin), answer.body
    log, sidecar = functions.news(), store.get(f"{key}.torrent", bucket=PRIVATE)
    assert log.count('"message":"request"') == 2 * (len(denied) + 1)
    # A JSON Web Token: any of its three parts would be too much.
    for part in token.split("."):
        assert part not in f"{log}{sidecar}{answer.headers}"
        assert part.encode() not in answer.body


def with_token(signer: Signer, token: str | None) -> Signer:
    """The same keys with another session token."""
    return replace(signer, credentials=replace(signer.credentials, session_token=token))


@each_signer
def test_session_tokens_go_along_with_signatures_of_version_2_too(
    s3: Server, s3_functions: Functions, rust_presigner: Path, folder: Path, sign: Callable[..., str]
) -> None:
    """On the S3 of the Rust tests, which refuses the role's signature without its token."""
    signer = Signer(s3.endpoint, TEST_S3_ROLE, rust_presigner)
    endpoint = s3_functions.start().endpoint
    key = f"presigned-{sign.__name__}"
    s3.client().put_object(Bucket=PRIVATE, Key=key, Body=BODY)
    url = sign(signer, PRIVATE, key)
    answer = ask(endpoint, PRIVATE, key, url, folder)
    assert answer.status == 200, answer.body
    without = url.replace(quote(str(TEST_S3_ROLE.session_token)), "x")
    assert without != url
    assert ask(endpoint, PRIVATE, key, without, folder).status == 403
