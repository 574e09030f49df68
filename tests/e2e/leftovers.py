"""What a run has left behind: each process it started carries a variable that tells."""

from pathlib import Path

import pytest

VARIABLE = "GET_OBJECT_TORRENT_E2E_RUN"
RUN = pytest.StashKey[str]()
FOLDER = pytest.StashKey[Path]()

PROC = Path("/proc")


def processes(run: str) -> list[str]:
    """The processes of `run`, as they are seen from outside: orphans too, and those of `run/anything`."""
    mark = f"{VARIABLE}={run}".encode()
    return [
        f"process {folder.name}: {_command(folder)}"
        for folder in PROC.iterdir()
        if folder.name.isdigit() and any(held.startswith(mark) for held in _read(folder / "environ").split(b"\0"))
    ]


def files(folder: Path) -> list[str]:
    """What lies in `folder`."""
    return [str(path) for path in folder.iterdir()]


def _command(folder: Path) -> str:
    return _read(folder / "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        # Ended meanwhile, or another user's.
        return b""
