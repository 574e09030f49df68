"""A child process with a log, a time by which it must be ready, and an end that takes all it started along."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.stack.descendants import Descendants, send
from scripts.stack.errors import StackError
from scripts.stack.signals import held

LOG_LINES_SHOWN = 12
POLL_SECONDS = 0.05
# A killed process is gone at once, unless the system is stuck in its disk or network.
KILL_DEADLINE_SECONDS = 10.0


class Process:
    """A started child, ended when `owner` closes. Its output goes to `log`, or to ours without one."""

    def __init__(
        self,
        owner: contextlib.ExitStack,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path | None = None,
        cwd: Path | None = None,
        grace_seconds: float = 5.0,
    ) -> None:
        self.name = name
        self._log = log
        self._grace_seconds = grace_seconds
        # No stop signal may come between the start and the note of it.
        with held(), contextlib.ExitStack() as files:
            output = files.enter_context(log.open("ab")) if log else None
            try:
                self._child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT if output else None,
                    env=dict(env),
                    cwd=cwd,
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"{name} cannot be started: {command[0]}: {error.strerror}") from error
            self._descendants = Descendants(self._child.pid)
            owner.callback(self.stop)

    @property
    def pid(self) -> int:
        """The id of the child."""
        return self._child.pid

    def status(self) -> int | None:
        """The exit status; `None` while the child runs."""
        return self._child.poll()

    def wait_until(
        self,
        ready: Callable[[], bool],
        deadline_seconds: float,
        waiting: Callable[[float], None] = lambda elapsed: None,
    ) -> None:
        """Waits until `ready`, calling `waiting` with the seconds so far. A child that ends is an error."""
        start = time.monotonic()
        while not ready():
            elapsed = time.monotonic() - start
            if (status := self.status()) is not None:
                raise StackError(f"{self.name} ended with status {status}{self.last_lines()}")
            if elapsed > deadline_seconds:
                raise StackError(f"{self.name} is not ready after {elapsed:.0f} s{self.last_lines()}")
            waiting(elapsed)
            time.sleep(POLL_SECONDS)

    def wait_for_end(self, deadline_seconds: float, waiting: Callable[[float], None] = lambda elapsed: None) -> None:
        """Waits until the child has ended, calling `waiting` with the seconds so far."""
        start = time.monotonic()
        while self.status() is None:
            elapsed = time.monotonic() - start
            if elapsed > deadline_seconds:
                raise StackError(f"{self.name} did not stop after {elapsed:.0f} s")
            waiting(elapsed)
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ends the child and all it started: SIGTERM and a grace, then SIGKILL."""
        # Seen before the child ends: after that they are nobody's children.
        self._descendants.alive()
        if self._grace_seconds:
            send(self.pid, signal.SIGTERM)
            self._all_gone(self._grace_seconds)
        kill_deadline = time.monotonic() + KILL_DEADLINE_SECONDS
        while not self._all_gone(0):
            for pid in self._descendants.alive():
                send(pid, signal.SIGKILL)
            if time.monotonic() > kill_deadline:
                raise StackError(f"{self.name} (process {self.pid}) cannot be stopped")
            # Mostly it ends in a moment, and a test run has a hundred.
            if self.status() is not None:
                time.sleep(POLL_SECONDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(POLL_SECONDS)

    def last_lines(self) -> str:
        """The end of the log, ready to be put behind a message."""
        if self._log is None:
            return ""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "".join(f"\n  | {line}" for line in lines[-LOG_LINES_SHOWN:])

    def _all_gone(self, within_seconds: float) -> bool:
        deadline = time.monotonic() + within_seconds
        while True:
            # poll() takes note of the child's end; on some systems it counts as a process before that.
            if self.status() is not None and not self._descendants.alive():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
