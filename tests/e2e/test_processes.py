"""What the stack starts, it ends: also what moved to a session of its own, or will not go."""

import contextlib
import os
import re
import sys
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


def start(owner: contextlib.ExitStack, folder: Path, program: str, *arguments: str) -> Process:
    script = folder / "program.py"
    script.write_text(program, encoding="utf-8")
    command = [sys.executable, script, *arguments]
    return Process(owner, "the program", command, env=os.environ, log=folder / "log", grace_seconds=0.2)


def test_stubborn_children_in_other_sessions_are_ended_too(folder: Path) -> None:
    note = folder / "child"
    with contextlib.ExitStack() as owner:
        process = start(owner, folder, STUBBORN, str(note))
        process.wait_until(lambda: note.exists() and note.read_text() != "", 30)
        pids = [process.pid, int(note.read_text())]
        assert all(psutil.pid_exists(pid) for pid in pids)
        with pytest.raises(StackError, match="is not ready after"):
            process.wait_until(lambda: False, 0.3)
    assert not any(pid in psutil.pids() and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def test_an_early_end_is_reported_with_the_log(folder: Path) -> None:
    with contextlib.ExitStack() as owner:
        process = start(owner, folder, "print('what went wrong'); raise SystemExit(3)")
        with pytest.raises(StackError, match=re.escape("the program ended with status 3\n  | what went wrong")):
            process.wait_until(lambda: False, 30)
        with pytest.raises(StackError, match="cannot be started: /no/such"):
            Process(owner, "a program", ["/no/such"], env=os.environ)
