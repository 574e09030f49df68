"""The GitHub workflows call commands that there are. `make lint` holds them to GitHub's own schema."""

import os
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_workflows_call_commands_of_ours_and_actions_of_githubs_own() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for path in (ROOT / ".github" / "workflows").iterdir():
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        steps = [step for job in jobs for step in job["steps"]]
        commands = "\n".join(step["run"] for step in steps if "run" in step)
        called, programs = (
            re.findall(r"\bmake ([a-z-]+)", commands),
            re.findall(r"^(\.?\w+/\S+)", commands, re.MULTILINE),
        )
        assert called or programs, path
        assert set(called) <= set(targets), path
        assert all(os.access(ROOT / program, os.X_OK) for program in programs), path
        uses = [step["uses"] for step in steps if "uses" in step]
        assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in uses), path
