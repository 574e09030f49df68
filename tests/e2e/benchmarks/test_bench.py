"""The benchmarks of reading, memory, throughput and collections work, with what is made of their figures.

The figures themselves are docs/BENCHMARKS.md's business: those of a quick run are worth nothing.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import quick_bench
from quick_bench import SECONDS

from benches import machine, record
from benches.report import FOLDER, Bar, Report
from scripts.stack import build, tools
from scripts.stack.errors import StackError

QUICK = FOLDER / "quick"
ROWS = {
    "memory": [
        ["test S3", "defaults"],
        ["test S3", "PIECE_LENGTH=268435456"],
        ["test S3", "FETCH_CONCURRENCY=64"],
        ["SeaweedFS", "defaults"],
    ],
    "reading": [
        ["nginx", "openssl sha1 + curl", "CPU, s/GiB"],
        ["nginx", "aws s3 cp + mktorrent", "wall, s"],
        ["nginx", "boto3 + hashlib", "peak memory, MiB"],
        ["nginx", "mktorrent of the file", "wall, s"],
        ["nginx with TLS", "openssl sha1 + curl", "CPU, s/GiB"],
        ["SeaweedFS", "openssl sha1 + curl", "CPU, s/GiB"],
        ["SeaweedFS", "aws s3 cp + mktorrent", "wall, s"],
        ["SeaweedFS", "boto3 + hashlib", "CPU, s/GiB"],
    ],
    "collections": [
        ["100 of 5 KB", "the ideal"],
        ["100 of 5 KB", "cached: S3 requests", "4"],
        ["1 of 32 MiB", "SeaweedFS", "the object alone"],
        ["10 of 1 MiB", "sync + mktorrent"],
        ["100 of 5 KB, long names", "peak memory, MiB"],
    ],
    "scaling": [["1", "16"], ["8", "128"], ["32", "512"]],
}


@pytest.mark.parametrize("name", ROWS)
def test_a_quick_run_reports_each_row(name: str, build_shown: Callable[..., Path]) -> None:
    for program in (build.release, build.test_s3):
        build_shown(program)
    report = QUICK / f"{name}.json"
    report.unlink(missing_ok=True)
    lines = quick_bench.run(name)
    rows = json.loads(report.read_text(encoding="utf-8"))["rows"]
    for wanted in ROWS[name]:
        assert any(set(wanted) <= set(row) for row in rows), f"no row of {wanted} in {rows}"
    assert all(f"| {' | '.join(row)} |" in lines for row in rows)


def test_the_plots_are_the_same_bytes_for_the_same_figures(folder: Path) -> None:
    _report({"throughput": [[1, 19.5], [8, 150.0], [32, 500.0]]}).save(folder / "scaling.json")
    sizes = {"1 GiB": 2**30, "1 TiB": 2**40}
    read = {"sidecar": dict.fromkeys(sizes, 0), "object": sizes}
    drawn = []
    for _ in range(2):
        ran = _plot(folder)
        assert ran.returncode == 0, ran.stderr
        drawn.append((folder / "throughput.svg").read_bytes())
        assert "no bytes-read.svg" in ran.stdout
    assert drawn[0] == drawn[1]
    _report({"bytes_read": read}).save(folder / "cost.json")
    _report({"seconds": {"1 GiB": [[10, 7.0], [100, 6.0]]}}).save(folder / "job_plan.json")
    _report({"egress": {"10 peers": [[1, 0.3, 0.3, 0.4], [2, 0.5, 0.4, 0.5]]}}).save(folder / "swarm.json")
    assert "missing" not in _plot(folder).stdout
    assert b">1,024<" in (folder / "bytes-read.svg").read_bytes()


def test_a_report_comes_back_as_it_was_saved(folder: Path) -> None:
    report = _report({"throughput": [[1, 19.5]]})
    report.save(folder / "report.json")
    assert Report.load(folder / "report.json") == report


def test_figures_go_between_the_marks_and_nowhere_else() -> None:
    document = f"before\n\n{record.BEGIN}\n\nold\n{record.END}\n\nafter\n"
    written = record.between_marks(document, "new \\1\n")
    assert written == f"before\n\n{record.BEGIN}\n\nnew \\1\n\n{record.END}\n\nafter\n"
    assert record.between_marks(written, "new \\1\n") == written
    with pytest.raises(StackError, match="needs one line"):
        record.between_marks("before\n", "new")


def test_the_machine_and_every_version_are_named() -> None:
    line = machine.line()
    assert "unknown" not in line
    for name in (*machine.COMMANDS, *machine.PACKAGES):
        assert f"{name} " in line


def _report(figures: dict[str, object]) -> Report:
    return Report("Title", "Text.", ["a"], [["1"]], [Bar("a", 1.0, 2.0)], figures)


def _plot(folder: Path) -> subprocess.CompletedProcess[str]:
    command, env = [sys.executable, "-m", "benches.plots", folder], dict(tools.environment())
    return subprocess.run(
        command, env=env, cwd=tools.ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
