"""Private objects by presigned URLs: what the caller may read, and nothing that anyone else may."""

import time
from collections.abc import Callable
from pathlib import Path

import clients
import pytest
from functions import Functions
from signers import SIGNERS, VERSIONED_SIGNERS, Signer, ask
from store import OPEN, PRIVATE, READER, STRANGER, VERSIONED, Store, random_bytes

from scripts.stack import metainfo
from scripts.stack.test_s3 import ROLE as TEST_S3_ROLE
from scripts.stack.test_s3 import Server

BODY = random_bytes(700_000, seed=11)
ODD_NAMES = ["a b+c", "+", "it's 100%", "100%25 %2F", "%2F", "é/日本", "e\u0301", "a&b=c?d#e", "~!$*()@:,;=", "x//y"]
# SeaweedFS refuses `.` and `..`, and has folders where a key ends in `/`.
NO_FILES = ["dir/", "a b+c/é//", "%2F/", "/", "//a", "a//b", ".", "..", "a/../b/", "../b"]

each_signer = pytest.mark.parametrize("sign", SIGNERS.values(), ids=SIGNERS)


@pytest.fixture
def reader(store: Store, rust_presigner: Path) -> Signer:
    return Signer(store.server.endpoint, READER, rust_presigner)


@each_signer
@pytest.mark.parametrize("access", ["public-read", "function-role"])
def test_a_private_object_opens_to_who_may_read_it(
    functions: Functions, store: Store, reader: Signer, folder: Path, sign: Callable[..., str], access: str
) -> None:
    endpoint = functions.start(ACCESS=access).endpoint
    key = store.put(f"{access}-{sign.__name__}", BODY, bucket=PRIVATE)
    first = ask(endpoint, PRIVATE, key, sign(reader, PRIVATE, key), folder)
    assert first.status == 200, first.body
    assert first.headers["x-torrent-origin"] == "object"
    contents = metainfo.read(first.body)
    assert (contents.length, contents.piece_count) == (len(BODY), 3)
    again = ask(endpoint, PRIVATE, key, sign(reader, PRIVATE, key), folder)
    assert (again.headers["x-torrent-origin"], again.body) == ("sidecar", first.body)
    head = ask(endpoint, PRIVATE, key, sign(reader, PRIVATE, key), folder, "--head")
    assert (head.status, head.headers["etag"]) == (200, first.headers["etag"])


@each_signer
@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_key_can_be_signed(
    endpoint: str, store: Store, reader: Signer, folder: Path, sign: Callable[..., str], name: str
) -> None:
    key = store.put(name, BODY[:1000], bucket=PRIVATE)
    answer = ask(endpoint, PRIVATE, key, sign(reader, PRIVATE, key), folder)
    assert answer.status == 200, answer.body


@each_signer
def test_a_key_that_ends_in_a_slash_is_signed_as_it_is(
    endpoint: str, store: Store, reader: Signer, folder: Path, sign: Callable[..., str]
) -> None:
    """A folder of SeaweedFS is an object without bytes; the file of that name is another one."""
    name = sign.__name__
    file, slash = store.put(name, BODY[:1000], bucket=PRIVATE), store.put(f"{name}-folder/", b"", bucket=PRIVATE)
    answer = ask(endpoint, PRIVATE, slash, sign(reader, PRIVATE, slash), folder)
    # It reaches the folder, whose collection no presigned URL gives.
    assert (answer.status, b"the key names a prefix" in answer.body) == (400, True), answer.body
    answer = ask(endpoint, PRIVATE, f"{file}/", sign(reader, PRIVATE, file), folder)
    assert (answer.status, b"another key" in answer.body) == (400, True), answer.body


@each_signer
def test_slashes_and_dots_are_signed_as_they_are(
    s3: Server, s3_functions: Functions, rust_presigner: Path, folder: Path, sign: Callable[..., str]
) -> None:
    """On the S3 of the Rust tests, which keeps every key byte for byte."""
    signer = Signer(s3.endpoint, TEST_S3_ROLE, rust_presigner)
    endpoint = s3_functions.start().endpoint
    client = signer.credentials.client(s3.endpoint)
    for number, key in enumerate(NO_FILES, start=1000):
        client.put_object(Bucket=PRIVATE, Key=key, Body=BODY[:number])
        answer = ask(endpoint, PRIVATE, key, sign(signer, PRIVATE, key), folder)
        assert answer.status == 200, (key, answer.body)
        assert metainfo.read(answer.body).length == number


@pytest.mark.parametrize("sign", VERSIONED_SIGNERS.values(), ids=VERSIONED_SIGNERS)
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


@each_signer
def test_who_may_not_read_gets_nothing_cached_or_not(
    endpoint: str, store: Store, reader: Signer, folder: Path, sign: Callable[..., str]
) -> None:
    key = store.put(sign.__name__, BODY, bucket=PRIVATE)
    stranger = Signer(reader.endpoint, STRANGER, reader.rust)
    for _ in range(2):
        answer = ask(endpoint, PRIVATE, key, sign(stranger, PRIVATE, key), folder)
        assert answer.status == 403, answer.body
        assert b"presigned URL" in answer.body
        assert ask(endpoint, PRIVATE, key, sign(reader, PRIVATE, key), folder).status == 200


def test_expired_altered_and_other_urls_are_denied(endpoint: str, store: Store, reader: Signer, folder: Path) -> None:
    key = store.put("file", BODY, bucket=PRIVATE)
    other = store.put("file.", BODY, bucket=PRIVATE)
    good = reader.boto3(PRIVATE, key)
    expired = [reader.boto3(PRIVATE, key, expires=1), reader.boto3_default(PRIVATE, key, expires=1)]
    time.sleep(2.5)
    denied = [
        *expired,
        good.replace("X-Amz-Expires=600", "X-Amz-Expires=60000"),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        reader.boto3(PRIVATE, other).replace(f"{other}?", f"{key}?"),
        reader.boto3(PRIVATE, key, method="put_object"),
        f"{good}&response-content-type=text%2Fhtml",
    ]
    for url in denied:
        assert ask(endpoint, PRIVATE, key, url, folder).status == 403, url
    assert ask(endpoint, PRIVATE, key, good, folder).status == 200


def test_urls_of_anything_else_are_refused(endpoint: str, store: Store, reader: Signer, folder: Path) -> None:
    key = store.put("file", BODY, bucket=PRIVATE)
    good = reader.boto3(PRIVATE, key)
    refused = [
        "",
        good.split("?")[0],
        good.replace("127.0.0.1", "localhost"),
        good.replace(reader.endpoint, "https://example.com"),
        good.replace(reader.endpoint, f"https://{PRIVATE}.s3.amazonaws.com"),
        reader.boto3(PRIVATE, f"{key}2"),
        reader.boto3(OPEN, key),
        f"{good}&partNumber=1",
    ]
    for url in refused:
        answer = ask(endpoint, PRIVATE, key, url, folder)
        assert answer.status == 400, url
        assert b"<Code>InvalidArgument</Code>" in answer.body
    # Not percent-encoded: all but the first of the URL's parameters are the request's own.
    bare = clients.torrent_url(endpoint, PRIVATE, key, f"torrent&presigned={good}")
    assert clients.curl(bare, folder).status == 400


def test_an_empty_object_has_no_torrent(endpoint: str, store: Store, reader: Signer, folder: Path) -> None:
    key = store.put("empty", b"", bucket=PRIVATE)
    answer = ask(endpoint, PRIVATE, key, reader.boto3(PRIVATE, key), folder)
    assert (answer.status, b"empty" in answer.body) == (400, True), answer.body


def test_the_readmes_one_liner(endpoint: str, store: Store, reader: Signer, folder: Path) -> None:
    key = store.put("file", BODY, bucket=PRIVATE)
    url = reader.cli(PRIVATE, key)
    options = ["-G", "--data-urlencode", f"presigned={url}"]
    answer = clients.curl(clients.torrent_url(endpoint, PRIVATE, key), folder, *options)
    assert answer.status == 200, answer.body
    assert metainfo.read(answer.body).length == len(BODY)
