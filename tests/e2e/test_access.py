"""Who gets a torrent: in both modes only of what may be read."""

import subprocess
from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from functions import Functions
from store import PRIVATE, Store, random_bytes

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


def test_a_wrong_configuration_does_not_start_and_all_its_faults_are_told(binary: Path, functions: Functions) -> None:
    wrong = {"BUCKETS": "", "ACCESS": "anyone", "PIECE_LENGTH": "1000", "TRACKERS": "ftp://x/"}
    # A runtime API that nobody serves: what starts would fail there, with another message.
    env = functions.environment(credentials=None, AWS_LAMBDA_RUNTIME_API="127.0.0.1:1", **wrong)
    ran = subprocess.run([binary], env=env, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 1
    assert all(name in ran.stdout for name in wrong)
