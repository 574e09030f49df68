"""The whole template in an emulated AWS, with everything on, and what it serves.

One emulator for the whole run.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.client import BaseClient

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
# Last: some names of test files are the same there.
sys.path.append(str(ROOT / "tests" / "e2e"))

# Their assertions, too, say what they compared.
pytest.register_assert_rewrite("behaviours", "served")

from deployment import Package, Stack  # noqa: E402
from emulator import Emulator  # noqa: E402
from leftovers import nothing_left, pytest_configure  # noqa: E402, F401
from served import EVERYTHING, VARIABLES, create_buckets  # noqa: E402
from shown import shown  # noqa: E402

from scripts.stack import build, temporary  # noqa: E402


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """An emulated AWS with the buckets of the tests."""
    with contextlib.ExitStack() as owner:
        emulator = Emulator(owner)
        create_buckets(emulator.client("s3"))
        yield emulator


@pytest.fixture(scope="session")
def s3(emulator: Emulator) -> BaseClient:
    """The emulator's S3, for who may do everything."""
    return emulator.client("s3")


@pytest.fixture(scope="session")
def package(emulator: Emulator, pytestconfig: pytest.Config) -> Package:
    """The functions, built as they are deployed, where stacks find them."""
    return Package(emulator, shown(pytestconfig, build.release).parent)


@pytest.fixture(scope="session")
def private(emulator: Emulator, package: Package) -> Stack:
    """The template for buckets that only roles may read, with everything on."""
    stack = Stack(emulator, package, "private", VARIABLES)
    stack.deploy(**EVERYTHING)
    return stack


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that goes with the test."""
    with contextlib.ExitStack() as owner:
        yield temporary.folder(owner, "test")
