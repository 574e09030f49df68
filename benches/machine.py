"""The machine and the programs that the figures belong to, in one line."""

import importlib.metadata
import os
import re
import subprocess
import time
from pathlib import Path

from scripts.stack import tools

# How each program says its version.
COMMANDS = {
    "rustc": ["rustc", "--version"],
    "nginx": ["nginx", "-v"],
    "SeaweedFS": ["weed", "version"],
    "mktorrent": ["mktorrent", "-h"],
    "openssl": ["openssl", "version"],
    "curl": ["curl", "--version"],
    "aria2": ["aria2c", "--version"],
}
PACKAGES = ("boto3", "awscli", "libtorrent")
LOOK_SECONDS = 3


def line() -> str:
    """CPU, memory, kernel; then the versions."""
    versions = [f"{name} {_version(command)}" for name, command in COMMANDS.items()]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return f"{_hardware()}; {', '.join(versions)}."


def others() -> str:
    """How busy it is with other work, asked before a benchmark starts anything."""
    busy, total = _jiffies()
    time.sleep(LOOK_SECONDS)
    busy_then, total_then = _jiffies()
    return f"Other work kept the cores busy to {(busy_then - busy) / (total_then - total):.0%} just before."


def _jiffies() -> tuple[int, int]:
    """What the cores have done since the machine's start, and all they could have: user to steal of proc(5)."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    idle, waiting = fields[3:5]
    return sum(fields) - idle - waiting, sum(fields)


def _hardware() -> str:
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.+)$", cpu, re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    sha = "with" if re.search(r"^(flags|Features)\b.*\b(sha_ni|sha1)\b", cpu, re.MULTILINE) else "without"
    gib = f"{int(memory[1]) / 1024**2:.0f} GiB" if memory else "unknown memory"
    name = " ".join(model[1].split()) if model else os.uname().machine
    return f"{os.cpu_count()} cores of {name}, {sha} SHA instructions, {gib}, Linux {os.uname().release}"


def _version(command: list[str]) -> str:
    program, *arguments = command
    path = tools.pinned(program) if program == "weed" else tools.installed(program, f"apt-get install {program}")
    said = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    number = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
    return number[0] if number else "of unknown version"
