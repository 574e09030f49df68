"""All the processes that a process started, so that they can be ended with it.

A process group is not enough: `cargo lambda watch` gives its function a session of its own. So this follows
parents, and remembers the sessions it has seen: their ids stay reserved while any process is in them, and
tell whose child a process was when its parent is gone.
"""

import contextlib
import os
import signal

import psutil


class Descendants:
    """The process `root`, which leads a session, and what it started."""

    def __init__(self, root: int) -> None:
        self._sessions = {root}

    def alive(self) -> set[int]:
        """The ids of all that still run."""
        table = _table()
        found: set[int] = set()
        while more := {pid for pid, entry in table.items() if self._is_ours(*entry, found)} - found:
            found |= more
            self._sessions |= {table[pid][1] for pid in more}
        return found

    def _is_ours(self, parent: int, session: int, found: set[int]) -> bool:
        return session in self._sessions or parent in found


def send(pid: int, number: signal.Signals) -> None:
    """A signal to `pid`, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def cpu_seconds(pid: int) -> float:
    """The processor's time that `pid` has used; 0 when it is not there."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def _table() -> dict[int, tuple[int, int]]:
    """The parent and the session of every process."""
    found = {}
    for process in psutil.process_iter(["ppid", "status"]):
        # A zombie has ended: its parent has only not taken note.
        if process.info["status"] != psutil.STATUS_ZOMBIE:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                found[process.pid] = process.info["ppid"], os.getsid(process.pid)
    return found
