"""What a cached answer takes beside a plain GET of its sidecar by the same SDK client, in one process and by turns.

crates/bench-tools/src/bin/cached.rs calls the whole function, event in and JSON out, so that nothing but its work is
counted; the torrent is that of a 1 GiB object, 41 KB. It needs the answers of HEAD and of the sidecar's GET, sent side
by side.
"""

import contextlib
import json
import statistics
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benches import objects
from benches.bench import Bench, spread
from benches.objects import GIB
from benches.report import Bar, Report
from scripts.stack import build, tools
from scripts.stack.errors import StackError
from scripts.stack.function import settings
from scripts.stack.seaweedfs import ROLE
from scripts.stack.test_s3 import Server

BUCKET, KEY = "data", "object.bin"
# Processes, and in each so many answers and GETs by turns.
RUNS, ROUNDS = 5, 300
LATENCY_MS = 20
SECONDS = 900.0

TEXT = f"""The whole function, event in and JSON out, answers from a sidecar of 41 KB (an object of 1 GiB). In the same
process and in turns with it, the same SDK client gets the sidecar alone. Each of {RUNS} processes does {ROUNDS} of
both. Every figure is the median over the processes (least to most)."""
COLUMNS = ["server", "percentile", "function, ms", "GET, ms", "ratio"]

Environment = Mapping[str, str]


def run(bench: Bench) -> Report:
    """The test S3 as slow as S3 is, the test S3 on loopback, and SeaweedFS."""
    report = Report("Cached answer", TEXT, COLUMNS)
    cached = build.cached(bench.owner, release=not bench.quick)
    size = bench.bytes(GIB)
    for name, latency_ms, most in ((f"test S3, {LATENCY_MS} ms", LATENCY_MS, 1.3), ("test S3", 0, 2.0)):
        with contextlib.ExitStack() as owner:
            binary, whole = build.test_s3(owner, release=not bench.quick), f"{BUCKET}/{KEY}={size}"
            server = Server(owner, binary, public=[BUCKET], object=[whole], latency_ms=latency_ms)
            env = settings(server.endpoint, server.credentials, {"BUCKETS": BUCKET})
            _add(report, bench, name, cached, env, most)
    with contextlib.ExitStack() as owner:
        server = objects.on_seaweedfs(owner, BUCKET, KEY, size)
        _add(report, bench, "SeaweedFS", cached, settings(server.endpoint, ROLE, {"BUCKETS": BUCKET}), 2.0)
    return report


def _add(report: Report, bench: Bench, name: str, program: Path, env: Environment, most: float) -> None:
    runs = [_measure(program, env, bench) for _ in range(bench.runs(RUNS))]
    function = [_milliseconds(run["function_us"]) for run in runs]
    plain = [_milliseconds(run["get_us"]) for run in runs]
    ratios = [ours[0] / theirs[0] for ours, theirs in zip(function, plain, strict=True)]
    for number, (percentile, ratio) in enumerate([("p50", spread(ratios)), ("p90", "")]):
        times = [spread([each[number] for each in kind]) for kind in (function, plain)]
        report.rows.append([name, percentile, *times, ratio])
    report.bars.append(Bar(f"{name}: p50 of a cached answer to that of a GET", statistics.median(ratios), most))


def _measure(program: Path, env: Environment, bench: Bench) -> dict:
    """What one process of `program` has measured."""
    command = [program, BUCKET, KEY, str(3 if bench.quick else ROUNDS)]
    ran = subprocess.run(
        command, env=dict(env), cwd=tools.ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if ran.returncode != 0:
        raise StackError(f"{program.name} failed: {ran.stderr.strip()}")
    return json.loads(ran.stdout)


def _milliseconds(microseconds: list[int]) -> tuple[float, float]:
    """p50 and p90."""
    deciles = statistics.quantiles(microseconds, n=10)
    return statistics.median(microseconds) / 1000, deciles[8] / 1000
