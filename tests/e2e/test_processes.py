"""What the stack starts, it ends: also what moved to a session of its own, or will not go."""

import contextlib
import os
import re
import sys
import time
from pathlib import Path

import psutil
import pytest

from scripts.stack.errors import StackError
from scripts.stack.processes import Process

# Starts a child in a session of its own, writes its id, and waits; both ignore SIGTERM.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) > 1:
    child = subprocess.Popen([sys.executable, __file__], start_new_session=True)
    with open(sys.argv[1], "w") as file:
        file.write(str(child.pid))
time.sleep(600)
"""


def start(owner: contextlib.ExitStack, folder: Path, program: str, *arguments: str, grace: float = 0.2) -> Process:
    script = folder / "program.py"
    script.write_text(program, encoding="utf-8")
    command = [sys.executable, script, *arguments]
    return Process(owner, "the program", command, env=os.environ, log=folder / "log", grace_seconds=grace)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_stubborn_children_in_other_sessions_are_ended_too(folder: Path) -> None:
    note = folder / "child"
    with contextlib.ExitStack() as owner:
        process = start(owner, folder, STUBBORN, str(note))
        process.wait_until(lambda: note.exists() and note.read_text() != "", 30)
        child = int(note.read_text())
        assert is_running(process.pid) and is_running(child)
    assert not is_running(process.pid)
    assert not is_running(child)


def test_an_early_end_is_reported_with_the_log(folder: Path) -> None:
    with contextlib.ExitStack() as owner:
        process = start(owner, folder, "print('what went wrong'); raise SystemExit(3)")
        with pytest.raises(StackError, match=re.escape("the program ended with status 3\n  | what went wrong")):
            process.wait_until(lambda: False, 30)


def test_a_program_that_is_never_ready_is_given_up(folder: Path) -> None:
    with contextlib.ExitStack() as owner:
        process = start(owner, folder, STUBBORN)
        began = time.monotonic()
        with pytest.raises(StackError, match="is not ready after"):
            process.wait_until(lambda: False, 0.3)
        assert time.monotonic() - began < 5


def test_a_missing_program_is_one_clear_line() -> None:
    with contextlib.ExitStack() as owner, pytest.raises(StackError, match="cannot be started: /no/such"):
        Process(owner, "a program", ["/no/such"], env=os.environ)
