"""The signals that ask a program to stop, as an exception, so that every `finally` runs."""

import contextlib
import signal
from collections.abc import Iterator

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked the program to stop. No `except Exception` swallows it."""


_held = {"depth": 0, "pending": False}


def raise_on_stop_signals() -> None:
    """From now on the first stop signal raises `Stopped` in the main thread; the cleaning up is not disturbed by more.

    `timeout` and some terminals send it twice.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _on_signal)


def ignore_stop_signals() -> None:
    """From now on nothing disturbs the cleaning up, which takes a few seconds at most."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Puts stop signals off to the end of the block: what it starts must be noted first."""
    _held["depth"] += 1
    try:
        yield
    finally:
        _held["depth"] -= 1
    if _held["pending"] and not _held["depth"]:
        _on_signal()


def _on_signal(*_: object) -> None:
    if _held["depth"]:
        _held["pending"] = True
        return
    ignore_stop_signals()
    raise Stopped
