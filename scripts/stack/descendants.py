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
        found: set[int] = set()
        for process in psutil.process_iter():
            with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
                if os.getsid(process.pid) in self._sessions:
                    found |= {process.pid, *(child.pid for child in process.children(recursive=True))}
        return set(filter(self._runs, found))

    def _runs(self, pid: int) -> bool:
        """Whether it does, which notes its session. A zombie has ended: its parent has only not taken note."""
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            self._sessions.add(os.getsid(pid))
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        return False


def send(pid: int, number: signal.Signals) -> None:
    """A signal to `pid`, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
