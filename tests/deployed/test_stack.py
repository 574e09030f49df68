"""A stack of the defaults, changed in place, and the callers of one that wants signatures."""

from pathlib import Path

import clients
import pytest
from botocore.client import BaseClient
from deployment import Package, Stack
from emulator import Emulator
from served import LARGE, OPEN, PRIVATE, ask, everyone_may_read, signed

from scripts.stack import metainfo
from scripts.stack.seaweedfs import Credentials

SEVERAL = [OPEN, "second-bucket", "third-bucket"]


@pytest.fixture(scope="module")
def changing(emulator: Emulator, package: Package) -> Stack:
    """Each test changes it as it needs it."""
    stack = Stack(emulator, package, "changing")
    stack.deploy(Buckets=OPEN)
    return stack


def trackers(torrent: bytes) -> tuple[str, ...]:
    """The announce URLs."""
    return metainfo.read(torrent).trackers


def test_the_tracker_comes_and_goes(changing: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="tracked", Body=b"content")
    endpoint = changing.endpoint
    changing.deploy(Tracker="true")
    url = changing.outputs["TrackerUrl"]
    assert trackers(ask(changing, folder, "tracked").body) == (url,)
    # What is not given again stays as it is.
    changing.deploy()
    changing.deploy(LogRetentionDays="7")
    assert changing.outputs["TrackerUrl"] == url
    changing.deploy(Tracker="false")
    assert trackers(ask(changing, folder, "tracked").body) == ()
    assert changing.endpoint == endpoint
    assert not [name for name in [*changing.resources, *changing.outputs] if "Tracker" in name]


def test_the_last_bucket_has_what_the_first_has(changing: Stack, s3: BaseClient, folder: Path) -> None:
    s3.create_bucket(Bucket=SEVERAL[-1])
    everyone_may_read(s3, SEVERAL[-1])
    changing.deploy(Buckets=",".join(SEVERAL), Jobs="true", InlineMaxSize="1000000")
    for key, body in {"small": b"content", "large": LARGE}.items():
        s3.put_object(Bucket=SEVERAL[-1], Key=key, Body=body)
        assert ask(changing, folder, key, SEVERAL[-1]).status == 200
        assert ask(changing, folder, key, SEVERAL[-1]).headers["x-torrent-origin"] == "sidecar"
    assert sidecars(changing) == [f"arn:aws:s3:::{bucket}/*.torrent" for bucket in SEVERAL]
    changing.deploy(Buckets=OPEN)
    assert ask(changing, folder, "small", SEVERAL[-1]).status == 403
    assert sidecars(changing) == [f"arn:aws:s3:::{OPEN}/*.torrent"]


def sidecars(stack: Stack) -> list[str]:
    """What the API function may write."""
    iam = stack.emulator.client("iam")
    policy = iam.get_role_policy(RoleName=stack.resources["FunctionRole"], PolicyName="sidecars")
    return policy["PolicyDocument"]["Statement"][0]["Resource"]


def test_with_aws_iam_a_right_to_invoke_is_needed_and_enough(private: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=PRIVATE, Key="secret", Body=b"content")
    url = clients.torrent_url(private.endpoint, PRIVATE, "secret", "torrent=")
    nobody = private.emulator.user("nobody", ["s3:GetObject"])
    wrong = Credentials(nobody.access_key, "wrong")
    for options in ([], signed(wrong), signed(nobody)):
        answer = clients.curl(url, folder, *options)
        assert (answer.status, b"announce" in answer.body) == (403, False), options
    assert clients.curl(url, folder).headers["access-control-allow-origin"] == "*"
    assert clients.curl(url, folder, "--request", "OPTIONS").status == 204
    answer = clients.curl(url, folder, *signed(private.emulator.user("reader", ["execute-api:Invoke"])))
    assert (answer.status, metainfo.read(answer.body).name) == (200, "secret")
