"""What a person sees of a program that takes a while: numbered steps, and progress in the slow ones."""

import contextlib
import os
import sys
import time

from scripts.stack.signals import Stopped

WIDTH = 76
# On a terminal the line is written over; in a log file a line now and then will do.
SECONDS_BETWEEN_LINES = 10.0


class Console:
    """Steps and progress on stdout. A reader who has gone away (`| head`, a closed terminal) stops the program."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()
        self._steps = 0
        self._shows_progress = False
        self._last_progress = 0.0

    def step(self, text: str) -> None:
        """The next step."""
        self._steps += 1
        self._last_progress = time.monotonic()
        self.line(f"\n{self._steps}. {text}")

    def line(self, text: str = "") -> None:
        """A line that stays."""
        self.end_progress()
        self._write(f"{text}\n")

    def end_progress(self) -> None:
        """Takes the progress away."""
        if self._shows_progress:
            self._shows_progress = False
            self._write(f"\r{'':<{WIDTH}}\r")

    def progress(self, text: str) -> None:
        """How far the step is; what comes next takes its place."""
        if self.is_terminal:
            self._shows_progress = True
            self._write(f"\r{'   ' + text:<{WIDTH}}")
        elif time.monotonic() - self._last_progress >= SECONDS_BETWEEN_LINES:
            self._last_progress = time.monotonic()
            self._write(f"   {text}\n")

    def waiting(self, elapsed: float) -> None:
        """Progress of a step of which only the time is known."""
        self.progress(f"... {elapsed:.0f} s")

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            # What is still in the buffer must not fail again when Python ends.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Stopped from None


def amount(size: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"
