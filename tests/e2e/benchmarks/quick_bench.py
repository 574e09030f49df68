"""A benchmark as `QUICK=1 make bench` runs it: it works, and its figures are worth nothing."""

import subprocess
import sys

from scripts.stack import tools

SECONDS = 900


def run(name: str) -> list[str]:
    """The lines that it prints, once it has ended well. What it runs must be built."""
    ran = subprocess.run(
        [sys.executable, "-m", "benches", name],
        env=dict(tools.environment(QUICK="1")),
        cwd=tools.ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()
