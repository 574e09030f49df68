"""Builds whose progress is seen."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest


def shown(config: pytest.Config, build: Callable[[contextlib.ExitStack], Path]) -> Path:
    """Builds with cargo's messages on the terminal: it may take minutes."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled(), contextlib.ExitStack() as owner:
        return build(owner)
