"""Errors as the clients see them: S3's codes in botocore's `ClientError`, and as the CLI shows them.

tests/it holds all rules. Here are those that a real S3 has a part in.
"""

from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from functions import Functions
from store import ABSENT, OPEN, PRIVATE, STRANGER, VERSIONED, Store

from scripts.stack.seaweedfs import Credentials


def refusal(endpoint: str, bucket: str, key: str) -> tuple[int, str]:
    """Status and code of boto3's GetObjectTorrent."""
    with pytest.raises(ClientError) as caught:
        clients.boto_torrent(endpoint, bucket, key)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


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


def test_what_s3_refuses_is_refused_with_s3s_code(endpoint: str, functions: Functions, store: Store) -> None:
    role = functions.start(ACCESS="function-role").endpoint
    stranger = functions.start(STRANGER, ACCESS="function-role").endpoint
    nobody = functions.start(Credentials("NOBODY", "secret-of-nobody"), ACCESS="function-role").endpoint
    encrypted = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    private, deleted = store.put("private", b"bytes", PRIVATE), store.put("deleted", b"one", VERSIONED)
    store.client.delete_object(Bucket=VERSIONED, Key=deleted)
    for asked, bucket, key, expected in (
        (endpoint, OPEN, store.put("archived", b"bytes", StorageClass="GLACIER"), (403, "InvalidObjectState")),
        (endpoint, OPEN, store.put("encrypted", b"bytes", **encrypted), (400, "InvalidRequest")),
        (endpoint, PRIVATE, private, (403, "AccessDenied")),
        (stranger, PRIVATE, private, (403, "AccessDenied")),
        (nobody, PRIVATE, private, (500, "InternalError")),
        (endpoint, OPEN, "missing", (404, "NoSuchKey")),
        (endpoint, VERSIONED, deleted, (404, "NoSuchKey")),
        (role, ABSENT, "any", (404, "NoSuchBucket")),
        # S3 does not tell strangers which.
        (endpoint, ABSENT, "any", (403, "AccessDenied")),
    ):
        assert refusal(asked, bucket, key) == expected, (bucket, key)
