"""The GitHub workflows call commands that there are. `make lint` holds them to GitHub's own schema."""

import os
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())


def steps(path: Path, key: str) -> list[str]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step[key] for job in jobs for step in job["steps"] if key in step]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_of_ours_is_there(path: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    commands = "\n".join(steps(path, "run"))
    called = re.findall(r"\bmake ([a-z-]+)", commands)
    programs = re.findall(r"^(\.?\w+/\S+)", commands, re.MULTILINE)
    assert called or programs
    assert set(called) <= set(targets)
    assert all(os.access(ROOT / program, os.X_OK) for program in programs)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_one_of_githubs_own_by_its_major_version(path: Path) -> None:
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in steps(path, "uses"))
