"""The torrent of an object whose part checksums S3 keeps: how little it takes, and what reading it would.

80 GB in 10,000 parts of 8 MiB on the test S3, whose objects take no memory and which waits before every answer.
"""

import contextlib
import itertools
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benches import cost_model, request_log
from benches.bench import Bench, spread
from benches.objects import GIB, MIB
from benches.report import Bar, Report
from benches.request_log import REQUEST_SECONDS
from scripts.stack import build
from scripts.stack.function import built, settings
from scripts.stack.test_s3 import Server

BUCKET = "data"
PARTS, PART_SIZE = 10_000, 8 * MIB
LATENCY_MS = 20
RUNS = 5
MOST_REQUESTS = 13
MOST_SECONDS = 2.0

TEXT = f"""An object of {PARTS:,} parts of 8 MiB (84 GB), as `aws s3 cp --checksum-algorithm SHA1` uploads it, on the
test S3, which waits {LATENCY_MS} ms before each answer. Nothing is cached. The figures are from the function's log. The
second row is an object of 1 GiB, read from the same server, times {PARTS * PART_SIZE / GIB:.1f}."""
COLUMNS = ["origin", "S3 requests", "bytes read", "seconds"]


def run(bench: Bench) -> Report:
    """By part checksums, and by reading."""
    binary = build.release(bench.owner)
    parts = 1_200 if bench.quick else PARTS
    server = Server(
        bench.owner,
        build.test_s3(bench.owner, release=not bench.quick),
        public=[BUCKET],
        multiparts={f"{BUCKET}/parts.bin": (parts, PART_SIZE)},
        objects={f"{BUCKET}/plain.bin": bench.bytes(GIB)},
        latency_ms=LATENCY_MS,
    )
    env = settings(
        server.endpoint, server.credentials, {"BUCKETS": BUCKET, "TIME_BUDGET_MS": str(REQUEST_SECONDS * 1000)}
    )
    numbers = itertools.count()

    def ask(key: str, origin: str) -> list[dict[str, Any]]:
        return [_first(binary, env, key, origin, next(numbers)) for _ in range(bench.runs(RUNS))]

    by_parts, by_reading = ask("parts.bin", "part-checksums"), ask("plain.bin", "object")
    return _report(by_parts, by_reading, parts * PART_SIZE)


def _first(binary: Path, env: Mapping[str, str], key: str, origin: str, number: int) -> dict[str, Any]:
    """The log's line of a new function's first request, whose torrent no other finds."""
    with contextlib.ExitStack() as owner:
        own = {**env, "SIDECAR_PREFIX": f"run-{number}/"}
        function = built(owner, binary, own, timeout_seconds=REQUEST_SECONDS)
        return request_log.ask(function, BUCKET, key, origin)


def _report(by_parts: list[dict[str, Any]], by_reading: list[dict[str, Any]], size: int) -> Report:
    seconds = [line["duration_ms"] / 1000 for line in by_parts]
    reading = [line["duration_ms"] / 1000 * size / line["object_size_bytes"] for line in by_reading]
    requests = max(line["s3_requests"] for line in by_parts)
    read = max(line["bytes_read"] for line in by_parts)
    instead = cost_model.whole_object(size)
    report = Report("Part checksums", TEXT, COLUMNS)
    report.rows += [
        ["part-checksums", f"{requests}", f"{read}", spread(seconds)],
        ["object, scaled", f"{instead.gets + instead.puts:,}", f"{size:,}", spread(reading, "{:.0f}".format)],
    ]
    report.bars += [
        Bar("S3 requests", requests, MOST_REQUESTS),
        Bar("bytes read", read, 0),
        Bar("seconds", statistics.median(seconds), MOST_SECONDS),
    ]
    return report
