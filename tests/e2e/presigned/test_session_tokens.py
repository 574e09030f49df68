"""Presigned URLs of temporary credentials: nothing without their session token, and nothing keeps it."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from functions import Functions
from signers import SIGNERS, Signer, ask
from store import KIB, PRIVATE, READING, READING_ELSEWHERE, STRANGER, Store, random_bytes

from benches import info_hash as by_hashlib
from scripts.stack import metainfo
from scripts.stack.roles import Role
from scripts.stack.seaweedfs import Credentials
from scripts.stack.test_s3 import ROLE as TEST_S3_ROLE
from scripts.stack.test_s3 import Server

BODY = random_bytes(700_000, seed=12)
PIECE_LENGTH = 256 * KIB
# All four sign by version 4 there; SeaweedFS takes no session token with version 2.
REGION = "eu-central-1"

each_signer = pytest.mark.parametrize("sign", SIGNERS.values(), ids=SIGNERS)


@pytest.fixture
def signer(store: Store, rust_presigner: Path) -> Callable[..., Signer]:
    """Signers with temporary credentials of a role, taken by someone who may not read what it may."""

    def signer(role: Role = READING) -> Signer:
        credentials = store.server.assume(role, STRANGER)
        return Signer(store.server.endpoint, credentials, rust_presigner, REGION)

    return signer


def info_hash(name: str) -> str:
    """Of `BODY` by this name."""
    return by_hashlib.of_bytes(name.encode(), BODY, PIECE_LENGTH)


@each_signer
@pytest.mark.parametrize("access", ["public-read", "function-role"])
def test_temporary_credentials_open_what_their_role_may_read(
    functions: Functions,
    store: Store,
    signer: Callable[..., Signer],
    folder: Path,
    sign: Callable[..., str],
    access: str,
) -> None:
    endpoint = functions.start(ACCESS=access).endpoint
    name = f"{access}-{sign.__name__}"
    key = store.put(name, BODY, bucket=PRIVATE)
    temporary = signer()
    token = temporary.credentials.session_token
    assert token
    url = sign(temporary, PRIVATE, key)
    assert f"X-Amz-Security-Token={token}" in url
    functions.news()
    first = ask(endpoint, PRIVATE, key, url, folder)
    assert first.status == 200, first.body
    assert first.headers["x-torrent-origin"] == "object"
    assert metainfo.read(first.body).info_hash == info_hash(name)
    again = ask(endpoint, PRIVATE, key, url, folder)
    assert (again.headers["x-torrent-origin"], again.body) == ("sidecar", first.body)
    log = functions.news()
    assert log.count('"message":"request"') == 2
    sidecar = store.get(f"{key}.torrent", bucket=PRIVATE)
    # A JSON Web Token: any of its three parts would be too much.
    for part in token.split("."):
        assert part not in f"{log}{sidecar}{first.headers}"
        assert part.encode() not in first.body
    assert f"{key}.torrent" in store.listed(PRIVATE)


@each_signer
def test_without_the_sessions_own_token_nothing_opens(
    endpoint: str, store: Store, signer: Callable[..., Signer], folder: Path, sign: Callable[..., str]
) -> None:
    key = store.put(sign.__name__, BODY, bucket=PRIVATE)
    temporary, other = signer(), signer()
    token, others = temporary.credentials.session_token, other.credentials.session_token
    assert token and others
    good = sign(temporary, PRIVATE, key)
    altered = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    denied = [
        good.replace(token, altered),
        good.replace(token, others),
        good.replace(f"&X-Amz-Security-Token={token}", ""),
        *(sign(with_token(temporary, text), PRIVATE, key) for text in (altered, others, None)),
    ]
    # The second time there is a sidecar.
    for _ in range(2):
        for url in denied:
            assert url != good
            answer = ask(endpoint, PRIVATE, key, url, folder)
            assert (answer.status, b"<Code>AccessDenied</Code>" in answer.body) == (403, True), url
        assert ask(endpoint, PRIVATE, key, good, folder).status == 200


def with_token(signer: Signer, token: str | None) -> Signer:
    """The same keys with another session token."""
    credentials = Credentials(signer.credentials.access_key, signer.credentials.secret_key, token)
    return Signer(signer.endpoint, credentials, signer.rust, signer.region)


@each_signer
def test_a_role_that_may_not_read_it_opens_nothing(
    endpoint: str, store: Store, signer: Callable[..., Signer], folder: Path, sign: Callable[..., str]
) -> None:
    key = store.put(sign.__name__, BODY, bucket=PRIVATE)
    url = sign(signer(READING_ELSEWHERE), PRIVATE, key)
    for _ in range(2):
        assert ask(endpoint, PRIVATE, key, url, folder).status == 403
        assert ask(endpoint, PRIVATE, key, sign(signer(), PRIVATE, key), folder).status == 200


@each_signer
def test_session_tokens_go_along_with_signatures_of_version_2_too(
    s3: Server, s3_functions: Functions, rust_presigner: Path, folder: Path, sign: Callable[..., str]
) -> None:
    """On the S3 of the Rust tests, which refuses the role's signature without its token."""
    assert TEST_S3_ROLE.session_token
    signer = Signer(s3.endpoint, TEST_S3_ROLE, rust_presigner)
    endpoint = s3_functions.start().endpoint
    key = f"presigned-{sign.__name__}"
    signer.credentials.client(s3.endpoint).put_object(Bucket=PRIVATE, Key=key, Body=BODY)
    url = sign(signer, PRIVATE, key)
    assert "token" in url.lower()
    answer = ask(endpoint, PRIVATE, key, url, folder)
    assert answer.status == 200, answer.body
    assert ask(endpoint, PRIVATE, key, url.replace(quote(TEST_S3_ROLE.session_token), "x"), folder).status == 403
