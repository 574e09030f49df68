"""Who gets a torrent: in both modes only of what may be read."""

import subprocess
from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from functions import Functions
from store import OPEN, PRIVATE, TURNING_PRIVATE, Store, random_bytes

from scripts.stack import metainfo

BODY = random_bytes(300_000, seed=3)


def assert_denied(endpoint: str, bucket: str, key: str) -> None:
    with pytest.raises(ClientError) as caught:
        clients.boto_torrent(endpoint, bucket, key)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_public_read_lends_the_roles_rights_to_no_one(endpoint: str, store: Store) -> None:
    # The function's role could read it.
    key = store.put("file", BODY, bucket=PRIVATE)
    assert_denied(endpoint, PRIVATE, key)
    assert store.listed(PRIVATE) == [key]


def test_function_role_serves_what_the_role_may_read(functions: Functions, store: Store) -> None:
    endpoint = functions.start(ACCESS="function-role").endpoint
    key = store.put("file", BODY, bucket=PRIVATE)
    torrent = clients.boto_torrent(endpoint, PRIVATE, key)
    assert metainfo.read(torrent).length == len(BODY)
    assert store.get(f"{key}.torrent", bucket=PRIVATE)["bytes"] == torrent


def test_public_read_does_not_show_what_function_role_has_cached(
    endpoint: str, functions: Functions, store: Store
) -> None:
    key = store.put("file", BODY, bucket=PRIVATE)
    clients.boto_torrent(functions.start(ACCESS="function-role").endpoint, PRIVATE, key)
    assert_denied(endpoint, PRIVATE, key)


def test_an_object_that_becomes_private_loses_its_torrent(endpoint: str, store: Store) -> None:
    store.server.create_bucket(TURNING_PRIVATE, public=True)
    key = store.put("file", BODY, bucket=TURNING_PRIVATE)
    assert clients.boto_torrent(endpoint, TURNING_PRIVATE, key)
    store.client.delete_bucket_policy(Bucket=TURNING_PRIVATE)
    assert_denied(endpoint, TURNING_PRIVATE, key)


def test_both_modes_give_the_same_torrent(endpoint: str, functions: Functions, store: Store) -> None:
    key = store.put("file", BODY)
    by_role = clients.boto_torrent(functions.start(ACCESS="function-role").endpoint, OPEN, key)
    assert by_role == clients.boto_torrent(endpoint, OPEN, key)


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


def starts(binary: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    # A runtime API that nobody serves: what starts would fail there, with another message.
    env["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:1"
    return subprocess.run([binary], env=env, capture_output=True, text=True, timeout=30, check=False)


def test_function_role_does_not_start_without_credentials(binary: Path, functions: Functions) -> None:
    ran = starts(binary, functions.environment(credentials=None, ACCESS="function-role"))
    assert ran.returncode == 1
    assert "ACCESS is function-role, but the function has no AWS credentials" in ran.stdout


def test_all_faults_of_the_configuration_are_reported_at_once(binary: Path, functions: Functions) -> None:
    ran = starts(binary, functions.environment(BUCKETS="", ACCESS="anyone", PIECE_LENGTH="1000", TRACKERS="ftp://x/"))
    assert ran.returncode == 1
    assert all(name in ran.stdout for name in ("BUCKETS", "ACCESS", "PIECE_LENGTH", "TRACKERS"))
