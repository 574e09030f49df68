"""The machine and the programs that the figures belong to, in one line."""

import importlib.metadata
import os
import re
import subprocess
from pathlib import Path

import psutil

from scripts.stack import tools

# How each program says its version.
COMMANDS = {
    "rustc": ["rustc", "--version"],
    "nginx": ["nginx", "-v"],
    "SeaweedFS": ["weed", "version"],
    "mktorrent": ["mktorrent", "-h"],
    "openssl": ["openssl", "version"],
    "curl": ["curl", "--version"],
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
    return f"Just before, other work kept the cores busy to {psutil.cpu_percent(LOOK_SECONDS) / 100:.0%}."


def _hardware() -> str:
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.+)$", cpu, re.MULTILINE)
    sha = "with" if re.search(r"^(flags|Features)\b.*\b(sha_ni|sha1)\b", cpu, re.MULTILINE) else "without"
    gib = f"{psutil.virtual_memory().total / 1024**3:.0f} GiB"
    name = " ".join(model[1].split()) if model else os.uname().machine
    return f"{os.cpu_count()} cores of {name}, {sha} SHA instructions, {gib}, Linux {os.uname().release}"


def _version(command: list[str]) -> str:
    program, *arguments = command
    path = tools.pinned(program) if program == "weed" else tools.installed(program)
    said = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    number = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
    return number[0] if number else "of unknown version"
