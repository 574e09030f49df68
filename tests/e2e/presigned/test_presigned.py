"""Private objects by presigned URLs: what the caller may read, and nothing that anyone else may."""

from collections.abc import Callable
from pathlib import Path

import pytest
from functions import Functions
from signers import SIGNERS, Signer, ask
from store import PRIVATE, READER, STRANGER, VERSIONED, Store, random_bytes

from scripts.stack import metainfo
from scripts.stack.test_s3 import ROLE as TEST_S3_ROLE
from scripts.stack.test_s3 import Server

BODY = random_bytes(700_000, seed=11)
ODD_KEYS = ["a b+c", "+", "it's 100%", "100%25 %2F", "%2F", "é/日本", "e\u0301", "a&b=c?d#e", "~!$*()@:,;=", "x//y"]
# SeaweedFS refuses `.` and `..`, and has folders where a key ends in `/`.
ODD_KEYS += ["dir/", "a b+c/é//", "%2F/", "/", "//a", ".", "..", "a/../b", "../b"]

each_signer = pytest.mark.parametrize("sign", SIGNERS.values(), ids=SIGNERS)


@pytest.fixture
def reader(store: Store, rust_presigner: Path) -> Signer:
    return Signer(store.server.endpoint, READER, rust_presigner)


@each_signer
def test_a_private_object_opens_to_who_may_read_it_and_to_nobody_else(
    functions: Functions, store: Store, reader: Signer, folder: Path, sign: Callable[..., str]
) -> None:
    stranger = Signer(reader.endpoint, STRANGER, reader.rust)
    for access in ("public-read", "function-role"):
        endpoint = functions.start(ACCESS=access).endpoint
        key = store.put(f"{access}-{sign.__name__}", BODY, bucket=PRIVATE)
        url, denied = sign(reader, PRIVATE, key), sign(stranger, PRIVATE, key)
        refused = ask(endpoint, PRIVATE, key, denied, folder)
        assert (refused.status, b"presigned URL" in refused.body) == (403, True), refused.body
        first = ask(endpoint, PRIVATE, key, url, folder)
        assert (first.status, first.headers["x-torrent-origin"]) == (200, "object"), first.body
        assert metainfo.read(first.body).length == len(BODY)
        again = ask(endpoint, PRIVATE, key, url, folder)
        assert (again.headers["x-torrent-origin"], again.body) == ("sidecar", first.body)
        assert ask(endpoint, PRIVATE, key, denied, folder).status == 403, "cached or not"
        head = ask(endpoint, PRIVATE, key, url, folder, "--head")
        assert (head.status, head.headers["etag"]) == (200, first.headers["etag"])


@each_signer
def test_every_key_can_be_signed(
    s3: Server, s3_functions: Functions, rust_presigner: Path, folder: Path, sign: Callable[..., str]
) -> None:
    """On the S3 of the Rust tests, which keeps every key byte for byte."""
    signer = Signer(s3.endpoint, TEST_S3_ROLE, rust_presigner)
    endpoint, client = s3_functions.start().endpoint, s3.client()
    # The CLI takes its time to start.
    for number, key in enumerate(ODD_KEYS[::5] if sign is Signer.cli else ODD_KEYS, start=1000):
        client.put_object(Bucket=PRIVATE, Key=key, Body=BODY[:number])
        answer = ask(endpoint, PRIVATE, key, sign(signer, PRIVATE, key), folder)
        assert answer.status == 200, (key, answer.body)
        assert metainfo.read(answer.body).length == number


@pytest.mark.parametrize("sign", [Signer.boto3, Signer.boto3_default, Signer.rust_sdk])
def test_a_version_is_read_by_its_own_url(
    endpoint: str, store: Store, reader: Signer, folder: Path, sign: Callable[..., str]
) -> None:
    key = store.key(sign.__name__)
    old, new = (
        store.client.put_object(Bucket=VERSIONED, Key=key, Body=BODY[:length])["VersionId"] for length in (1000, 2000)
    )
    for version, length in ((old, 1000), (new, 2000)):
        url = sign(reader, VERSIONED, key, version)
        answer = ask(endpoint, VERSIONED, key, url, folder, version=version)
        assert (answer.status, metainfo.read(answer.body).length) == (200, length)
        assert ask(endpoint, VERSIONED, key, url, folder).status == 400
    assert ask(endpoint, VERSIONED, key, sign(reader, VERSIONED, key), folder, version=old).status == 400
