"""What a run has left behind: each process it started carries a variable that tells. For a conftest.py."""

import contextlib
import os
import shlex
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.stack import temporary, tools

VARIABLE = "GET_OBJECT_TORRENT_E2E_RUN"


def pytest_configure() -> None:
    """Whoever ends the run ends it in order: the fixtures are torn down."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tools.isolate()


@pytest.fixture(scope="session", autouse=True)
def nothing_left() -> Iterator[None]:
    """Marks all that the run starts, and gives it a folder for temporary files. Torn down last, it finds both empty."""
    with contextlib.ExitStack() as owner:
        folder = temporary.folder(owner, "e2e")
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        os.environ[VARIABLE] = uuid.uuid4().hex
        yield
        if left := processes(os.environ[VARIABLE]) + files(folder):
            pytest.fail("\n  ".join(["The run has left behind:", *left]))


def processes(run: str) -> list[str]:
    """The processes of `run`, as they are seen from outside: orphans too, and those of `run/anything`."""
    # The environment of another user's process cannot be seen.
    return [
        f"process {process.pid}: {shlex.join(process.info['cmdline'] or [])}"
        for process in psutil.process_iter(["environ", "cmdline"])
        if (process.info["environ"] or {}).get(VARIABLE, "").startswith(run)
    ]


def files(folder: Path) -> list[str]:
    """What lies in `folder`."""
    return [str(path) for path in folder.iterdir()]
