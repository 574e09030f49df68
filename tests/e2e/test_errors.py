"""Errors as the clients see them: S3's codes in botocore's `ClientError`, S3's document on the wire.

Three of the contract's are out of SeaweedFS's reach, and tested on the Rust side: it ignores
`x-amz-expected-bucket-owner`, sends no `x-amz-delete-marker` on HEAD, and its 405 for a delete marker's own
version is a 404.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from functions import Functions
from store import ABSENT, OPEN, PRIVATE, STRANGER, VERSIONED, Store

from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.seaweedfs import Credentials


def refusal(endpoint: str, bucket: str, key: str, **options: str) -> tuple[int, str]:
    """Status and code of boto3's GetObjectTorrent."""
    with pytest.raises(ClientError) as caught:
        clients.boto(endpoint).get_object_torrent(Bucket=bucket, Key=key, **options)
    return _status_and_code(caught.value)


def _status_and_code(error: ClientError) -> tuple[int, str]:
    return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]


def document(answer: clients.Answer) -> dict[str, str]:
    """The error document's elements."""
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Error"
    return {child.tag: child.text or "" for child in root}


def test_the_document_is_that_of_s3(endpoint: str, folder: Path) -> None:
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, "mis <s> & ing"), folder)
    said = document(answer)
    assert answer.status == 404
    assert list(said) == ["Code", "Message", "Resource", "RequestId"]
    assert (said["Code"], said["Resource"]) == ("NoSuchKey", f"/{OPEN}/mis <s> & ing")
    assert said["RequestId"] == answer.headers["x-amz-request-id"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_an_object_encrypted_with_its_owners_key_has_none(endpoint: str, store: Store, folder: Path) -> None:
    sse_c = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    key = store.key("sse-c")
    for bucket in (OPEN, VERSIONED):
        put = store.client.put_object(Bucket=bucket, Key=key, Body=b"secret", **sse_c)
        assert refusal(endpoint, bucket, key) == (400, "InvalidRequest")
    url = clients.torrent_url(endpoint, VERSIONED, key, f"torrent&versionId={put['VersionId']}")
    answer = clients.curl(url, folder)
    assert (answer.status, document(answer)["Code"]) == (400, "InvalidRequest")


def test_head_has_the_status_without_the_document(endpoint: str, folder: Path) -> None:
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, "missing"), folder, "--head")
    assert answer.status == 404
    assert b"<Error>" not in answer.body


def test_the_cli_shows_the_code(endpoint: str, folder: Path) -> None:
    ran = clients.cli(endpoint, OPEN, "missing", folder / "out.torrent")
    assert ran.returncode != 0
    assert "(NoSuchKey) when calling the GetObjectTorrent operation" in ran.stderr
    assert not (folder / "out.torrent").exists()


@pytest.mark.parametrize("path", [f"/{OPEN}?torrent", f"/{OPEN}/?torrent"])
def test_a_bucket_has_no_torrent(endpoint: str, folder: Path, path: str) -> None:
    answer = clients.curl(endpoint + path, folder)
    assert (answer.status, document(answer)["Code"]) == (400, "RequestTorrentOfBucketError")


def test_other_operations_are_not_implemented(endpoint: str, store: Store) -> None:
    key = store.put("file", b"bytes")
    client = clients.boto(endpoint)
    for operation in (
        lambda: client.list_buckets(),
        lambda: client.list_objects_v2(Bucket=OPEN),
        lambda: client.get_object(Bucket=OPEN, Key=key),
        lambda: client.get_object_tagging(Bucket=OPEN, Key=key),
    ):
        with pytest.raises(ClientError) as caught:
            operation()
        assert _status_and_code(caught.value) == (501, "NotImplemented")


def test_methods_that_write_are_refused(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", b"bytes")
    client = clients.boto(endpoint)
    for operation in (
        lambda: client.put_object(Bucket=OPEN, Key=key, Body=b"other"),
        lambda: client.delete_object(Bucket=OPEN, Key=key),
    ):
        with pytest.raises(ClientError) as caught:
            operation()
        assert _status_and_code(caught.value) == (405, "MethodNotAllowed")
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder, "--request", "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert store.get(key)["bytes"] == b"bytes"


@pytest.mark.parametrize("bucket", ["Upper", "under_score", "a..b", "ab", "192.168.0.1", "ends-"])
def test_names_against_the_rules_are_refused(endpoint: str, bucket: str) -> None:
    assert refusal(endpoint, bucket, "key") == (400, "InvalidBucketName")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/arn:aws:s3:::open-data/x?torrent", 400, "InvalidBucketName"),
        ("/data--use1-az4--x-s3/x?torrent", 501, "NotImplemented"),
        (f"/{OPEN}/%zz?torrent", 400, "InvalidURI"),
        (f"/{OPEN}/%ff?torrent", 400, "InvalidURI"),
        (f"/{OPEN}/%?torrent", 400, "InvalidURI"),
    ],
)
def test_paths_no_client_sends(endpoint: str, folder: Path, path: str, status: int, code: str) -> None:
    answer = clients.curl(endpoint + path, folder)
    assert (answer.status, document(answer)["Code"]) == (status, code)


def test_a_key_may_have_1024_bytes_and_no_more(endpoint: str) -> None:
    longest = "/".join(["ü" * 102] * 5)
    assert len(longest.encode()) == 1024
    assert refusal(endpoint, OPEN, longest) == (404, "NoSuchKey")
    assert refusal(endpoint, OPEN, longest + "x") == (400, "KeyTooLongError")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"RequestPayer": "me"}, "InvalidArgument"),
        ({"ExpectedBucketOwner": "12345"}, "InvalidBucketOwnerAWSAccountID"),
    ],
)
def test_headers_that_mean_nothing_are_refused(endpoint: str, options: dict[str, str], code: str) -> None:
    assert refusal(endpoint, OPEN, "key", **options) == (400, code)


def test_what_is_not_there(endpoint: str, functions: Functions) -> None:
    role = functions.start(ACCESS="function-role").endpoint
    assert refusal(endpoint, OPEN, "missing") == (404, "NoSuchKey")
    assert refusal(role, PRIVATE, "missing") == (404, "NoSuchKey")
    assert refusal(role, ABSENT, "any") == (404, "NoSuchBucket")
    # S3 does not tell strangers which.
    assert refusal(endpoint, ABSENT, "any") == (403, "AccessDenied")
    assert refusal(endpoint, PRIVATE, "missing") == (403, "AccessDenied")


def test_a_bucket_that_is_not_served(endpoint: str, store: Store) -> None:
    store.client.create_bucket(Bucket="not-served")
    store.client.put_object(Bucket="not-served", Key="x", Body=b"x")
    assert refusal(endpoint, "not-served", "x") == (403, "AccessDenied")
    assert refusal(endpoint, "not-there-at-all", "x") == (403, "AccessDenied")


def test_versions_that_are_not_there(functions: Functions, store: Store, folder: Path) -> None:
    endpoint = functions.start(ACCESS="function-role").endpoint
    key = store.put("file", b"one", bucket=VERSIONED)

    def code_of(version: str) -> tuple[int, str]:
        url = clients.torrent_url(endpoint, VERSIONED, key, f"torrent&versionId={version}")
        answer = clients.curl(url, folder)
        return answer.status, document(answer)["Code"]

    assert code_of("0" * 32) == (404, "NoSuchVersion")
    assert code_of("") == (400, "InvalidArgument")
    assert code_of("a%2Fb") == (400, "InvalidArgument")


def test_a_deleted_object_is_not_there(endpoint: str, store: Store) -> None:
    key = store.put("file", b"one", bucket=VERSIONED)
    store.client.delete_object(Bucket=VERSIONED, Key=key)
    assert refusal(endpoint, VERSIONED, key) == (404, "NoSuchKey")


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object(endpoint: str, store: Store, storage_class: str) -> None:
    key = store.put(storage_class, b"bytes", StorageClass=storage_class)
    assert refusal(endpoint, OPEN, key) == (403, "InvalidObjectState")


def test_an_archive_that_can_be_read_at_once(endpoint: str, store: Store) -> None:
    assert clients.boto_torrent(endpoint, OPEN, store.put("file", b"bytes", StorageClass="GLACIER_IR"))


def test_an_object_that_was_archived_after_its_torrent_was_made(endpoint: str, store: Store) -> None:
    key = store.put("file", b"bytes")
    assert clients.boto_torrent(endpoint, OPEN, key)
    store.put("file", b"bytes", StorageClass="GLACIER")
    assert refusal(endpoint, OPEN, key) == (403, "InvalidObjectState")


def test_an_empty_object(endpoint: str, store: Store) -> None:
    assert refusal(endpoint, OPEN, store.put("file", b"")) == (400, "InvalidRequest")


def test_a_sidecar_has_no_torrent_of_its_own(endpoint: str, store: Store) -> None:
    key = store.put("file", b"bytes")
    clients.boto_torrent(endpoint, OPEN, key)
    assert refusal(endpoint, OPEN, f"{key}.torrent") == (400, "InvalidRequest")
    # But a torrent of the user's own has.
    assert clients.boto_torrent(endpoint, OPEN, store.put("own.torrent", b"bytes"))


def test_an_object_over_the_limit(functions: Functions, store: Store) -> None:
    endpoint = functions.start(MAX_OBJECT_SIZE="1000").endpoint
    assert clients.boto_torrent(endpoint, OPEN, store.put("fits", bytes(1000)))
    with pytest.raises(ClientError, match="not supported for objects larger than 1000") as caught:
        clients.boto_torrent(endpoint, OPEN, store.put("too-large", bytes(1001)))
    assert _status_and_code(caught.value) == (400, "InvalidRequest")


def test_a_server_out_of_reach(functions: Functions, folder: Path) -> None:
    [port] = free_ports(1)
    nowhere = f"http://{LOOPBACK}:{port}"
    endpoint = functions.start(AWS_ENDPOINT_URL_S3=nowhere, TIME_BUDGET_MS="2000").endpoint
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, "any"), folder)
    assert (answer.status, document(answer)["Code"]) == (503, "SlowDown")
    assert (answer.headers["retry-after"], answer.headers["x-amz-retry-after"]) == ("5", "5000")
    # What went wrong inside is for the log.
    assert str(port).encode() not in answer.body


def test_a_role_that_may_not_read(functions: Functions, store: Store) -> None:
    endpoint = functions.start(STRANGER, ACCESS="function-role").endpoint
    assert refusal(endpoint, PRIVATE, store.put("file", b"bytes", bucket=PRIVATE)) == (403, "AccessDenied")


def test_a_role_that_the_server_does_not_know(functions: Functions, store: Store) -> None:
    endpoint = functions.start(Credentials("NOBODY", "secret-of-nobody"), ACCESS="function-role").endpoint
    key = store.put("file", b"bytes", bucket=PRIVATE)
    assert refusal(endpoint, PRIVATE, key)[0] in (403, 500)
