"""Errors as the clients see them: S3's codes in botocore's `ClientError`, S3's document on the wire.

tests/it holds all rules. Here are those that a real S3 has a part in.
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

# The bucket, how the object is put there, and what boto3 raises.
OBJECTS = {
    "empty": (OPEN, {"Body": b""}, (400, "InvalidRequest")),
    "archived": (OPEN, {"StorageClass": "GLACIER"}, (403, "InvalidObjectState")),
    "archived-deeply": (OPEN, {"StorageClass": "DEEP_ARCHIVE"}, (403, "InvalidObjectState")),
    "too-large": (OPEN, {"Body": bytes(100_001)}, (400, "InvalidRequest")),
    "private": (PRIVATE, {}, (403, "AccessDenied")),
    "encrypted": (OPEN, {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}, (400, "InvalidRequest")),
}


def refusal(endpoint: str, bucket: str, key: str) -> tuple[int, str]:
    """Status and code of boto3's GetObjectTorrent."""
    with pytest.raises(ClientError) as caught:
        clients.boto_torrent(endpoint, bucket, key)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


def document(answer: clients.Answer) -> dict[str, str]:
    """The error document's elements."""
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Error"
    return {child.tag: child.text or "" for child in root}


def test_the_document_is_that_of_s3(endpoint: str, folder: Path) -> None:
    url = clients.torrent_url(endpoint, OPEN, "mis <s> & ing")
    answer = clients.curl(url, folder)
    said = document(answer)
    assert (answer.status, list(said)) == (404, ["Code", "Message", "Resource", "RequestId"])
    assert (said["Code"], said["Resource"]) == ("NoSuchKey", f"/{OPEN}/mis <s> & ing")
    assert said["RequestId"] == answer.headers["x-amz-request-id"]
    assert answer.headers["access-control-allow-origin"] == "*"
    head = clients.curl(url, folder, "--head")
    assert (head.status, b"<Error>" in head.body) == (404, False)


def test_the_cli_shows_the_code(endpoint: str, folder: Path) -> None:
    ran = clients.cli(endpoint, OPEN, "missing", folder / "out.torrent")
    assert ran.returncode != 0
    assert "(NoSuchKey) when calling the GetObjectTorrent operation" in ran.stderr
    assert not (folder / "out.torrent").exists()


def test_other_operations_are_refused(endpoint: str, store: Store) -> None:
    key = store.put("file", b"bytes")
    client = clients.boto(endpoint)
    for operation, options, code in (
        (client.list_buckets, {}, "NotImplemented"),
        (client.list_objects_v2, {"Bucket": OPEN}, "NotImplemented"),
        (client.get_object, {"Bucket": OPEN, "Key": key}, "NotImplemented"),
        (client.put_object, {"Bucket": OPEN, "Key": key, "Body": b"other"}, "MethodNotAllowed"),
        (client.delete_object, {"Bucket": OPEN, "Key": key}, "MethodNotAllowed"),
    ):
        with pytest.raises(ClientError, match=rf"\({code}\)"):
            operation(**options)
    assert store.get(key)["bytes"] == b"bytes"


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_without_a_torrent(functions: Functions, store: Store, name: str) -> None:
    bucket, options, expected = OBJECTS[name]
    key = store.key(name)
    store.client.put_object(**{"Bucket": bucket, "Key": key, "Body": b"bytes", **options})
    assert refusal(functions.start(MAX_OBJECT_SIZE="100000").endpoint, bucket, key) == expected


def test_what_is_not_there(endpoint: str, functions: Functions, store: Store, folder: Path) -> None:
    role = functions.start(ACCESS="function-role").endpoint
    deleted = store.put("deleted", b"one", bucket=VERSIONED)
    store.client.delete_object(Bucket=VERSIONED, Key=deleted)
    for asked, bucket, key, expected in (
        (endpoint, OPEN, "missing", (404, "NoSuchKey")),
        (endpoint, VERSIONED, deleted, (404, "NoSuchKey")),
        (role, PRIVATE, "missing", (404, "NoSuchKey")),
        (role, ABSENT, "any", (404, "NoSuchBucket")),
        # S3 does not tell strangers which.
        (endpoint, ABSENT, "any", (403, "AccessDenied")),
        (endpoint, PRIVATE, "missing", (403, "AccessDenied")),
        (endpoint, "not-served", "any", (403, "AccessDenied")),
    ):
        assert refusal(asked, bucket, key) == expected, (bucket, key)
    url = clients.torrent_url(role, VERSIONED, store.put("file", b"one", VERSIONED), f"torrent&versionId={'0' * 32}")
    answer = clients.curl(url, folder)
    assert (answer.status, document(answer)["Code"]) == (404, "NoSuchVersion")


def test_an_archive_that_can_be_read_at_once_has_one(endpoint: str, store: Store) -> None:
    assert clients.boto_torrent(endpoint, OPEN, store.put("file", b"bytes", StorageClass="GLACIER_IR"))


def test_an_object_that_was_archived_after_its_torrent_was_made(endpoint: str, store: Store) -> None:
    key = store.put("file", b"bytes")
    assert clients.boto_torrent(endpoint, OPEN, key)
    assert refusal(endpoint, OPEN, f"{key}.torrent") == (400, "InvalidRequest"), "a sidecar has no torrent of its own"
    store.put("file", b"bytes", StorageClass="GLACIER")
    assert refusal(endpoint, OPEN, key) == (403, "InvalidObjectState")


def test_a_server_out_of_reach(functions: Functions, folder: Path) -> None:
    [port] = free_ports(1)
    endpoint = functions.start(AWS_ENDPOINT_URL_S3=f"http://{LOOPBACK}:{port}", TIME_BUDGET_MS="2000").endpoint
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, "any"), folder)
    assert (answer.status, document(answer)["Code"]) == (503, "SlowDown")
    assert (answer.headers["retry-after"], answer.headers["x-amz-retry-after"]) == ("5", "5000")
    # What went wrong inside is for the log.
    assert str(port).encode() not in answer.body


def test_roles_that_may_not_read(functions: Functions, store: Store) -> None:
    key = store.put("file", b"bytes", bucket=PRIVATE)
    stranger = functions.start(STRANGER, ACCESS="function-role").endpoint
    assert refusal(stranger, PRIVATE, key) == (403, "AccessDenied")
    nobody = functions.start(Credentials("NOBODY", "secret-of-nobody"), ACCESS="function-role").endpoint
    assert refusal(nobody, PRIVATE, key)[0] in (403, 500)
