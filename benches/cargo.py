"""Builds for one benchmark alone; what others need too is in scripts/stack/build.py."""

import contextlib
from collections.abc import Mapping, Sequence

from scripts.stack import tools
from scripts.stack.errors import StackError
from scripts.stack.processes import Process

BUILD_SECONDS = 7200.0


def build(owner: contextlib.ExitStack, options: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
    """Cargo's own messages and progress go to the terminal."""
    cargo = tools.installed("cargo")
    command = [cargo, "build", "--locked", *options]
    process = Process(owner, "cargo build", command, env=tools.environment(**(variables or {})), cwd=tools.ROOT)
    process.wait_for_end(BUILD_SECONDS, lambda elapsed: None)
    if process.status() != 0:
        raise StackError(f"cargo build {' '.join(options)} failed with status {process.status()}: see above")
