"""The benchmark's command works; its figures are docs/BENCHMARKS.md's business."""

import subprocess
import sys

from scripts.stack import tools


def test_the_memory_benchmark_prints_a_row_for_each_setting() -> None:
    command = [sys.executable, tools.ROOT / "benches" / "memory.py"]
    environment = {**tools.environment(), "SIZE_MIB": "64"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line.split()[1] for line in ran.stdout.splitlines() if line.startswith("| ")][2:] == ["8", "64"]
