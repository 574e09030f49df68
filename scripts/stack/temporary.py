"""Folders that vanish with their owner."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from scripts.stack.signals import held

# Short: the path of a Unix socket in such a folder may have 103 bytes.
PREFIX = "got-"


def folder(owner: contextlib.ExitStack, name: str) -> Path:
    """A new folder, removed with all in it when `owner` closes."""
    with held():
        path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-"))
        owner.callback(shutil.rmtree, path, ignore_errors=True)
    return path
