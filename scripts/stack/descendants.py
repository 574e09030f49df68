"""All the processes that a process started, so that they can be ended with it.

A process group is not enough: `cargo lambda watch` gives its function a session of its own. So this follows
parents, and remembers the sessions it has seen: their ids stay reserved while any process is in them, and
tell whose child a process was when its parent is gone.
"""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class _Entry:
    parent: int
    session: int


class Descendants:
    """The process `root`, which leads a session, and what it started."""

    def __init__(self, root: int) -> None:
        self._sessions = {root}

    def alive(self) -> set[int]:
        """The ids of all that still run."""
        table = _table()
        found: set[int] = set()
        while more := {pid for pid, entry in table.items() if self._is_ours(entry, found)} - found:
            found |= more
            self._sessions |= {table[pid].session for pid in more}
        return found

    def _is_ours(self, entry: _Entry, found: set[int]) -> bool:
        return entry.session in self._sessions or entry.parent in found


def send(pid: int, number: signal.Signals) -> None:
    """A signal to `pid`, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def cpu_seconds(pid: int) -> float:
    """The processor's time that `pid` has used, on Linux; 0 when it is not there."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _table() -> dict[int, _Entry]:
    if (PROC / "self" / "stat").exists():
        pids = (int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit())
        entries = ((pid, _from_proc(pid)) for pid in pids)
    else:
        entries = _from_ps()
    return {pid: entry for pid, entry in entries if entry is not None}


def _from_proc(pid: int) -> _Entry | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # "pid (name) state parent group session …"; the name may hold spaces and parentheses.
    state, parent, _group, session = stat.rpartition(")")[2].split()[:4]
    # A zombie has ended: its parent has only not taken note.
    return None if state == "Z" else _Entry(int(parent), int(session))


def _from_ps() -> list[tuple[int, _Entry | None]]:
    columns = ["-o", "pid=", "-o", "ppid=", "-o", "state="]
    listing = subprocess.run(["ps", "-A", *columns], capture_output=True, text=True, check=True)
    entries = []
    for line in listing.stdout.splitlines():
        pid, parent, state = line.split()
        session = None if state.startswith("Z") else _session(int(pid))
        entries.append((int(pid), None if session is None else _Entry(int(parent), session)))
    return entries


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None
