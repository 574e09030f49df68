"""Throughput against `FETCH_CONCURRENCY`, where it is the server that limits each connection, as S3 does."""

import contextlib
import statistics
from pathlib import Path

from benches import first_request
from benches.bench import Bench, spread
from benches.objects import MIB
from benches.report import Bar, Report
from scripts.stack import build, test_s3
from scripts.stack.function import settings

BUCKET = "data"
LATENCY_MS = 50
BYTES_PER_SECOND = 20_000_000
CONCURRENCIES = (1, 2, 4, 8, 16, 32, 64)
# The default RANGE_SIZE.
RANGE = 16 * MIB
# How many times the throughput of one connection it has to be.
LEAST = {8: 7, 32: 25}
TEXT = f"""The test S3 (crates/test-s3) waits {LATENCY_MS} ms before each answer and then sends {
    BYTES_PER_SECOND // 10**6
} MB/s on each connection. Each object gives each connection the same number of 16 MiB ranges, as a last range
that runs alone would distort the figures. The ratio is to one connection in the same round. All concurrencies take
turns. MB are millions of bytes."""


def run(bench: Bench) -> Report:
    """All concurrencies, round by round."""
    binary, server = build.release(bench.owner), build.test_s3(bench.owner, release=not bench.quick)
    concurrencies = tuple(sorted({1, *LEAST})) if bench.quick else CONCURRENCIES
    ranges = 1 if bench.quick else 8
    speeds: dict[int, list[float]] = {concurrency: [] for concurrency in concurrencies}
    for number in range(bench.runs(3)):
        for concurrency in concurrencies:
            speeds[concurrency].append(_throughput(binary, server, concurrency, ranges))
            print(f"round {number + 1}: {concurrency}: {speeds[concurrency][-1]:.1f} MB/s", flush=True)
    return _report(speeds, ranges)


def _throughput(binary: Path, server: Path, concurrency: int, ranges: int) -> float:
    """In MB/s, of one first request."""
    size = concurrency * ranges * RANGE
    with contextlib.ExitStack() as owner:
        s3 = test_s3.Server(
            owner,
            server,
            public=[BUCKET],
            objects={f"{BUCKET}/object.bin": size},
            latency_ms=LATENCY_MS,
            bytes_per_second=BYTES_PER_SECOND,
        )
        env = settings(s3.endpoint, None, {"FETCH_CONCURRENCY": str(concurrency)})
        return size / 1e6 / first_request.ask(binary, env, BUCKET, "object.bin").usage.wall


def _report(speeds: dict[int, list[float]], ranges: int) -> Report:
    report = Report("Throughput", TEXT, ("FETCH_CONCURRENCY", "object, MiB", "MB/s", "times one connection"))
    for concurrency, own in speeds.items():
        ratios = [speed / one for speed, one in zip(own, speeds[1], strict=True)]
        size_mib = concurrency * ranges * RANGE // MIB
        report.rows.append([str(concurrency), str(size_mib), spread(own, "{:.1f}".format), spread(ratios)])
        if concurrency in LEAST:
            what = f"throughput of {concurrency} connections, times that of one"
            report.bars.append(Bar(what, statistics.median(ratios), LEAST[concurrency], at_least=True))
    medians = [[concurrency, statistics.median(own)] for concurrency, own in speeds.items()]
    report.figures["throughput"] = medians
    return report
