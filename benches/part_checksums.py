"""The torrent of an object whose part checksums S3 keeps: how little it takes, and what reading it would.

80 GB in 10,000 parts of 8 MiB on the test S3, whose objects take no memory and which waits before every answer.
"""

import statistics
from collections.abc import Mapping
from typing import Any

from benches import cost_model, first_request
from benches.bench import Bench, spread
from benches.objects import GIB, MIB
from benches.report import Bar, Report
from scripts.stack import build
from scripts.stack.function import settings
from scripts.stack.test_s3 import Server

BUCKET = "data"
PARTS, PART_SIZE = 10_000, 8 * MIB
LATENCY_MS = 20
RUNS = 5
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
        multipart=[f"{BUCKET}/parts.bin={parts}x{PART_SIZE}"],
        object=[f"{BUCKET}/plain.bin={bench.bytes(GIB)}"],
        latency_ms=LATENCY_MS,
    )
    env = settings(server.endpoint, server.credentials, {})

    def ask(key: str, origin: str) -> list[Mapping[str, Any]]:
        return [first_request.ask(binary, env, BUCKET, key, origin).line for _ in range(bench.runs(RUNS))]

    by_parts, by_reading = ask("parts.bin", "part-checksums"), ask("plain.bin", "object")
    return _report(by_parts, by_reading, parts * PART_SIZE)


def _report(by_parts: list[Mapping[str, Any]], by_reading: list[Mapping[str, Any]], size: int) -> Report:
    seconds = [line["duration_ms"] / 1000 for line in by_parts]
    reading = [line["duration_ms"] / 1000 * size / line["object_size_bytes"] for line in by_reading]
    requests, formula = max(line["s3_requests"] for line in by_parts), cost_model.part_checksums(size, PART_SIZE)
    assert formula is not None
    read = max(line["bytes_read"] for line in by_parts)
    instead = cost_model.whole_object(size)
    report = Report("Part checksums", TEXT, COLUMNS)
    report.rows += [
        ["part-checksums", f"{requests}", f"{read}", spread(seconds)],
        ["object, scaled", f"{instead.gets + instead.puts:,}", f"{size:,}", spread(reading, "{:.0f}".format)],
    ]
    report.bars += [
        Bar("S3 requests, those of the formula", requests, formula.gets + formula.puts),
        Bar("bytes read", read, 0),
        Bar("seconds", statistics.median(seconds), MOST_SECONDS),
    ]
    return report
