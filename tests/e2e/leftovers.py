"""What a run has left behind: each process it started carries a variable that tells."""

import shlex
from pathlib import Path

import psutil
import pytest

VARIABLE = "GET_OBJECT_TORRENT_E2E_RUN"
RUN = pytest.StashKey[str]()
FOLDER = pytest.StashKey[Path]()


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
