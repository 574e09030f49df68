"""The API with AWS_IAM: of whoever may not call it, it takes nothing but preflights."""

import json
from collections.abc import Iterator
from pathlib import Path

import clients
import pytest
from botocore.client import BaseClient
from deployment import Stack
from served import PRIVATE, signed

from scripts.stack import metainfo
from scripts.stack.seaweedfs import Credentials


@pytest.fixture(scope="module")
def user(private: Stack) -> Iterator[Credentials]:
    """A user who may do nothing yet."""
    iam = private.emulator.client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture(scope="module")
def url(private: Stack, s3: BaseClient) -> str:
    """Of an object that only roles may read."""
    s3.put_object(Bucket=PRIVATE, Key="secret", Body=b"content")
    return clients.torrent_url(private.endpoint, PRIVATE, "secret", "torrent=")


def test_whoever_signs_not_or_wrongly_or_has_no_right_is_refused(url: str, user: Credentials, folder: Path) -> None:
    wrong = Credentials(user.access_key, "wrong")
    for options in ([], signed(wrong), signed(user)):
        answer = clients.curl(url, folder, *options)
        assert (answer.status, b"announce" in answer.body) == (403, False), options
    assert clients.curl(url, folder).headers["access-control-allow-origin"] == "*"
    assert clients.curl(url, folder, "--request", "OPTIONS").status == 204


def test_a_right_to_invoke_is_enough(private: Stack, user: Credentials, url: str, folder: Path) -> None:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    private.emulator.client("iam").put_user_policy(UserName="reader", PolicyName="invoke", PolicyDocument=policy)
    answer = clients.curl(url, folder, *signed(user))
    assert (answer.status, metainfo.read(answer.body).name) == (200, "secret")
