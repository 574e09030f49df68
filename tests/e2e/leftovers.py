"""What a run has left behind: each process it started carries a variable that tells.

The hooks are those of a conftest.py.
"""

import os
import shlex
import shutil
import signal
import sys
import tempfile
import uuid
from pathlib import Path

import psutil
import pytest

from scripts.stack import temporary, tools

VARIABLE = "GET_OBJECT_TORRENT_E2E_RUN"
RUN = pytest.StashKey[str]()
FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Marks all that this run starts, and gives it a folder of its own for temporary files."""
    # Whoever ends the run ends it in order: the fixtures are torn down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tools.isolate()
    config.stash[RUN] = os.environ[VARIABLE] = uuid.uuid4().hex
    config.stash[FOLDER] = folder = Path(tempfile.mkdtemp(prefix=f"{temporary.PREFIX}e2e-"))
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


# Last: pytest's own hook tears down what an interrupted test has left.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Comes after the last fixture has been torn down: nothing may be left."""
    found = processes(session.config.stash[RUN]) + files(session.config.stash[FOLDER])
    if found:
        print("\nThe run left behind:", *found, sep="\n  ", file=sys.stderr)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Whatever happened, the folder goes."""
    shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


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
