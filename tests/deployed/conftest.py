"""The whole template in an emulated AWS, with everything on, and what it serves.

One emulator for the whole run, and one stack that most tests share.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
# Last: some names of test files are the same there.
sys.path.append(str(ROOT / "tests" / "e2e"))

from deployment import Package, Stack  # noqa: E402
from emulator import Emulator  # noqa: E402
from leftovers import pytest_configure, pytest_sessionfinish, pytest_unconfigure  # noqa: E402, F401
from shown import shown  # noqa: E402

from scripts.stack import build, temporary  # noqa: E402

# Anyone may read and list it; its uploads start jobs.
OPEN = "open-data"
PRIVATE = "private-data"
BATCH = "batch-files"


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """An emulated AWS with the buckets of the tests."""
    with contextlib.ExitStack() as owner:
        emulator = Emulator(owner)
        s3 = emulator.client("s3")
        for bucket in (OPEN, PRIVATE, BATCH):
            s3.create_bucket(Bucket=bucket)
        s3.delete_public_access_block(Bucket=OPEN)
        s3.put_bucket_policy(Bucket=OPEN, Policy=json.dumps(_public(OPEN)))
        s3.put_bucket_notification_configuration(
            Bucket=OPEN, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        yield emulator


def _public(bucket: str) -> dict:
    arn = f"arn:aws:s3:::{bucket}"
    rights = {"s3:GetObject": f"{arn}/*", "s3:ListBucket": arn}
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
        for action, resource in rights.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


@pytest.fixture(scope="session")
def package(emulator: Emulator, pytestconfig: pytest.Config) -> Package:
    """The functions, built as they are deployed, where stacks find them."""
    return Package(emulator, shown(pytestconfig, build.release).parent)


@pytest.fixture(scope="session")
def stack(emulator: Emulator, package: Package) -> Stack:
    """The template with everything on."""
    stack = Stack(emulator, package)
    stack.deploy(
        Buckets=f"{OPEN},{PRIVATE}",
        PregenerateBuckets=OPEN,
        BatchBucket=BATCH,
        Tracker="true",
        InlineMaxSize="8388608",
    )
    return stack


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that goes with the test."""
    with contextlib.ExitStack() as owner:
        yield temporary.folder(owner, "test")
