"""A real S3 server and the built function, for unmodified clients to talk to.

One server for the whole run; a function for each configuration that a test asks for. Everything listens on
free ports of 127.0.0.1, and a run must leave neither a process nor a file behind.
"""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "fixtures")]

import publishing  # noqa: E402
from browser import Browser  # noqa: E402
from functions import Functions  # noqa: E402
from leftovers import nothing_left, pytest_configure  # noqa: E402, F401
from published import BUCKET, Published, publish  # noqa: E402
from shown import shown  # noqa: E402
from store import HUGE, IDENTITIES, LISTED, OPEN, PRIVATE, ROLES, VERSIONED, Store  # noqa: E402

from scripts.stack import build, temporary  # noqa: E402
from scripts.stack.function import TRACKER_NAME  # noqa: E402
from scripts.stack.seaweedfs import SeaweedFS  # noqa: E402
from scripts.stack.test_s3 import Server  # noqa: E402


@pytest.fixture(scope="session")
def build_shown(pytestconfig: pytest.Config) -> Callable[..., Path]:
    """Builds in sight of whoever waits."""
    return functools.partial(shown, pytestconfig)


@pytest.fixture(scope="session")
def binary(build_shown: Callable[..., Path]) -> Path:
    """The function, built as it is deployed. The others lie beside it."""
    return build_shown(build.release)


@pytest.fixture(scope="session")
def tracker_binary(binary: Path) -> Path:
    """The tracker function alike."""
    return binary.with_name(TRACKER_NAME)


@pytest.fixture(scope="session")
def rust_client(build_shown: Callable[..., Path]) -> Path:
    """examples/get_object_torrent.rs: the Rust SDK's own call."""
    return build_shown(build.example)


@pytest.fixture(scope="session")
def rust_presigner(rust_client: Path) -> Path:
    """examples/presign.rs: the Rust SDK's own presigned URLs."""
    return rust_client.with_name("presign")


@pytest.fixture(scope="session")
def server() -> Iterator[SeaweedFS]:
    """SeaweedFS with the buckets that most tests share."""
    with contextlib.ExitStack() as owner:
        server = SeaweedFS(owner, identities=IDENTITIES, roles=ROLES)
        server.create_bucket(OPEN, public=True)
        server.create_bucket(LISTED, listed=True)
        server.create_bucket(PRIVATE)
        server.create_bucket(VERSIONED, public=True, versioned=True)
        yield server
    assert not any(socket.exists() for socket in server.sockets)


@pytest.fixture(scope="session")
def functions(binary: Path, server: SeaweedFS) -> Iterator[Functions]:
    """Starts functions by their configuration."""
    yield from _functions(binary, server)


@pytest.fixture(scope="session")
def s3(build_shown: Callable[..., Path]) -> Iterator[Server]:
    """The S3 of the Rust tests: it keeps part checksums and every key, and its largest objects take no room."""
    binary = build_shown(build.test_s3)
    with contextlib.ExitStack() as owner:
        multiparts = [f"{OPEN}/{key}={parts}x{size}" for key, (parts, size) in HUGE.items()]
        yield Server(owner, binary, public=[OPEN], private=[PRIVATE], multipart=multiparts)


@pytest.fixture(scope="session")
def s3_functions(binary: Path, s3: Server) -> Iterator[Functions]:
    """Functions whose S3 is that one."""
    yield from _functions(binary, s3)


def _functions(binary: Path, server: SeaweedFS | Server) -> Iterator[Functions]:
    with contextlib.ExitStack() as owner:
        functions = Functions(owner, binary, server)
        yield functions
        functions.check_logs()


@pytest.fixture(autouse=True)
def logs(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that fails shows what the functions have logged meanwhile."""
    if "functions" not in request.fixturenames:
        yield
        return
    functions = request.getfixturevalue("functions")
    functions.news()
    yield
    print(functions.news())


@pytest.fixture(scope="session")
def endpoint(functions: Functions) -> str:
    """The function as most people run it: `public-read`, with a role for its sidecars."""
    return functions.start().endpoint


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with contextlib.ExitStack() as owner:
        yield Browser(owner)


@pytest.fixture(scope="session")
def site(server: SeaweedFS, functions: Functions) -> Iterator[Published]:
    """A bucket that browsers may read, and the page for it."""
    with contextlib.ExitStack() as owner:
        yield publish(owner, server, functions)


@pytest.fixture
def published(site: Published) -> Published:
    """The same, with the policy and just the CORS rule of the docs, whatever the test before has set."""
    site.client.put_bucket_policy(Bucket=BUCKET, Policy=publishing.policy(BUCKET))
    site.client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration=publishing.cors_rule())
    return site


@pytest.fixture
def store(server: SeaweedFS, request: pytest.FixtureRequest) -> Store:
    """Puts objects under keys that no other test uses."""
    return Store(server, prefix=request.node.name.split("[")[0])


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that goes with the test."""
    with contextlib.ExitStack() as owner:
        yield temporary.folder(owner, "test")
