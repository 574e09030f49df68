"""Who gets a torrent: in both modes only of what may be read."""

import subprocess
from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from functions import Functions
from store import OPEN, PRIVATE, TURNING_PRIVATE, Store, random_bytes

BODY = random_bytes(300_000, seed=3)


def assert_denied(endpoint: str, bucket: str, key: str) -> None:
    with pytest.raises(ClientError) as caught:
        clients.boto_torrent(endpoint, bucket, key)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_public_read_lends_the_roles_rights_to_no_one(endpoint: str, functions: Functions, store: Store) -> None:
    key = store.put("file", BODY, bucket=PRIVATE)
    assert_denied(endpoint, PRIVATE, key)
    assert store.listed(PRIVATE) == [key]
    torrent = clients.boto_torrent(functions.start(ACCESS="function-role").endpoint, PRIVATE, key)
    assert store.get(f"{key}.torrent", bucket=PRIVATE)["bytes"] == torrent
    # Nor does it show what the role has cached.
    assert_denied(endpoint, PRIVATE, key)


def test_an_object_that_becomes_private_loses_its_torrent(endpoint: str, store: Store) -> None:
    store.server.create_bucket(TURNING_PRIVATE, public=True)
    key = store.put("file", BODY, bucket=TURNING_PRIVATE)
    assert clients.boto_torrent(endpoint, TURNING_PRIVATE, key)
    store.client.delete_bucket_policy(Bucket=TURNING_PRIVATE)
    assert_denied(endpoint, TURNING_PRIVATE, key)


def test_without_credentials_public_objects_are_served_uncached(
    functions: Functions, store: Store, folder: Path
) -> None:
    endpoint = functions.start(credentials=None).endpoint
    key = store.put("file", BODY)
    for _ in range(2):
        answer = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
        assert (answer.status, answer.headers["x-torrent-origin"]) == (200, "object")
    assert store.listed() == [key]
    assert_denied(endpoint, PRIVATE, key)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ACCESS": "function-role"}, ["ACCESS is function-role, but the function has no AWS credentials"]),
        (
            {"BUCKETS": "", "ACCESS": "anyone", "PIECE_LENGTH": "1000", "TRACKERS": "ftp://x/"},
            ["BUCKETS", "ACCESS", "PIECE_LENGTH", "TRACKERS"],
        ),
    ],
    ids=["no credentials", "all faults at once"],
)
def test_a_wrong_configuration_does_not_start(
    binary: Path, functions: Functions, variables: dict[str, str], said: list[str]
) -> None:
    # A runtime API that nobody serves: what starts would fail there, with another message.
    env = functions.environment(credentials=None, AWS_LAMBDA_RUNTIME_API="127.0.0.1:1", **variables)
    ran = subprocess.run([binary], env=env, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 1
    assert all(text in ran.stdout for text in said)
