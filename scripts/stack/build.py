"""The function's binary, and the programs that the tests set beside it. Each is built, and its place returned."""

import contextlib
import os
from pathlib import Path

from scripts.stack import tools
from scripts.stack.errors import StackError
from scripts.stack.function import NAME, TRACKER_NAME
from scripts.stack.processes import Process

# Far more than a build takes: it says itself how far it is.
BUILD_SECONDS = 7200.0
# All at once: then dependencies have the features, and are the builds, that `cargo test --workspace` has made.
TEST_PROGRAMS = ["--workspace", "--examples", "--bin", "test-s3", "--bin", "plan"]


def debug(owner: contextlib.ExitStack) -> Path:
    """What `cargo lambda watch` runs."""
    return _build(owner, f"debug/{NAME}", ["--bin", NAME])


def debug_tracker(owner: contextlib.ExitStack) -> Path:
    """The tracker function alike."""
    return _build(owner, f"debug/{TRACKER_NAME}", ["--bin", TRACKER_NAME])


def release(owner: contextlib.ExitStack) -> Path:
    """The API function as it is deployed, but for the architecture."""
    return _build(owner, f"release/{NAME}", ["--bins", "--release"])


def tracker(owner: contextlib.ExitStack) -> Path:
    """The tracker function alike."""
    return release(owner).with_name(TRACKER_NAME)


def example(owner: contextlib.ExitStack) -> Path:
    """The client that uses the Rust SDK. Other examples lie beside it."""
    return _build(owner, "debug/examples/get_object_torrent", TEST_PROGRAMS)


def test_s3(owner: contextlib.ExitStack, *, release: bool = False) -> Path:
    """The S3 of the Rust tests. Measurements want it fast."""
    if release:
        return _build(owner, "release/test-s3", ["--package", "test-s3", "--release"])
    return _build(owner, "debug/test-s3", TEST_PROGRAMS)


def cached(owner: contextlib.ExitStack, *, release: bool = True) -> Path:
    """Builds what calls the function for the benchmark of that name, and says where it lies."""
    if release:
        return _build(owner, "release/cached", ["--package", "bench-tools", "--bin", "cached", "--release"])
    return _build(owner, "debug/cached", [*TEST_PROGRAMS, "--bin", "cached"])


def plan(owner: contextlib.ExitStack) -> Path:
    """What tells how jobs are planned."""
    return _build(owner, "debug/plan", TEST_PROGRAMS)


def _build(owner: contextlib.ExitStack, binary: str, options: list[str]) -> Path:
    command = [tools.installed("cargo"), "build", "--locked", *options]
    # cargo's own messages and progress go to the terminal.
    process = Process(owner, "cargo build", command, env=tools.environment(), cwd=tools.ROOT)
    process.wait_for_end(BUILD_SECONDS)
    if process.status() != 0:
        raise StackError(f"cargo build failed with status {process.status()}: see above")
    return tools.ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / binary
