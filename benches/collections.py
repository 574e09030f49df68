"""Torrents of many objects, against the ideal and against what people do today."""

import contextlib
import functools
import itertools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from botocore.client import BaseClient

from benches import baselines, first_request, machine, objects, request_log
from benches.baselines import Place
from benches.bench import Bench, spread
from benches.objects import MIB
from benches.report import Bar, Report
from benches.request_log import REQUEST_SECONDS
from scripts.stack import build, temporary, test_s3
from scripts.stack.function import built, settings
from scripts.stack.seaweedfs import ROLE, SeaweedFS

BUCKET = "data"
FOLDER = "many"
LATENCY_MS = 20
CONNECTIONS = 64
RUNS, CACHED_RUNS = 5, 5
MOST_TIMES_IDEAL, LEAST_TIMES_FASTER = 1.5, 3
MOST_MIB, MOST_CACHED_REQUESTS = 48, 14

TEXT = f"""The first row is the first request for a collection on the test S3, which waits {LATENCY_MS} ms before each
answer, with FETCH_CONCURRENCY={CONNECTIONS}. The ideal is the number of S3 requests times {LATENCY_MS} ms, divided by
{CONNECTIONS}. The cached answer is that of the next request to the same function; boto3 lists the same objects in turn
with it. `aws s3 sync` writes to a folder on disk, which mktorrent then reads to the same info hash. Peak memory is
VmHWM, without latency. Long names make a torrent of 4.1 MB, almost as large as a response of Lambda may be. Rows that
do not name {CONNECTIONS} connections have 8, the default."""
COLUMNS = ["objects", "server", "figure", "function", "compared with", "its", "ratio"]


@dataclass(frozen=True)
class Shape:
    """So many objects of one size. Their keys may have a folder more."""

    count: int
    size: int
    subfolder: str = ""

    def of(self, bench: Bench) -> "Shape":
        """A quick run has a hundredth of the objects."""
        return replace(self, count=-(-self.count // 100), size=bench.bytes(self.size)) if bench.quick else self

    def __str__(self) -> str:
        unit, name = (1000, "KB") if self.size % MIB else (MIB, "MiB")
        long = ", long names" if self.subfolder else ""
        return f"{self.count:,} of {self.size // unit:,} {name}{long}"


SMALL, LARGER, MIDDLE, ODD = Shape(10_000, 5_000), Shape(10_000, 100_000), Shape(1_000, MIB), Shape(300, 3 * MIB)
# With these the torrent is almost as large as a response of Lambda's may be.
LONG_NAMES = replace(SMALL, subfolder=f"{180 * 'n'}/{190 * 'm'}/")
SHAPES = (SMALL, LONG_NAMES, LARGER, MIDDLE, ODD)
MANY_CONNECTIONS = {"FETCH_CONCURRENCY": str(CONNECTIONS)}


def run(bench: Bench) -> Report:
    """All shapes."""
    others = machine.others()
    binary, program = build.release(bench.owner), build.test_s3(bench.owner, release=not bench.quick)
    report = Report("Collections", f"{TEXT} {others}", COLUMNS)
    with contextlib.ExitStack() as owner:
        _many_requests(report, bench, owner, binary, program)
    with contextlib.ExitStack() as owner:
        _files(report, bench, owner, binary)
    for shape, variables in itertools.product(SHAPES, ({}, MANY_CONNECTIONS)):
        with contextlib.ExitStack() as owner:
            server = _test_s3(owner, program, shape.of(bench))
            _memory(report, bench, shape.of(bench), variables, server, binary)
    return report


def _test_s3(owner: contextlib.ExitStack, program: Path, shape: Shape, latency_ms: int = 0) -> test_s3.Server:
    return test_s3.Server(
        owner,
        program,
        listed=[BUCKET],
        many=[f"{BUCKET}/{FOLDER}/{shape.subfolder}={shape.count}x{shape.size}"],
        latency_ms=latency_ms,
    )


def _many_requests(report: Report, bench: Bench, owner: contextlib.ExitStack, binary: Path, program: Path) -> None:
    shape = SMALL.of(bench)
    server = _test_s3(owner, program, shape, LATENCY_MS)
    limits = {"BUCKETS": BUCKET, "TIME_BUDGET_MS": str(REQUEST_SECONDS * 1000), **MANY_CONNECTIONS}
    client = server.client()
    firsts, cached, listings = [], [], []
    for number in range(bench.runs(RUNS)):
        with contextlib.ExitStack() as one:
            env = settings(server.endpoint, server.credentials, {**limits, "SIDECAR_PREFIX": f"run-{number}/"})
            function = built(one, binary, env, timeout_seconds=REQUEST_SECONDS)
            firsts.append(request_log.ask(function, BUCKET, f"{FOLDER}/", "object"))
            for _ in range(bench.runs(CACHED_RUNS)):
                cached.append(request_log.ask(function, BUCKET, f"{FOLDER}/", "sidecar"))
                listings.append(_seconds_to_list(client))
    name = f"test S3, {LATENCY_MS} ms"
    ideals = [line["s3_requests"] * LATENCY_MS / 1000 / CONNECTIONS for line in firsts]
    ratio = _add(report, shape, name, "wall, s", [_seconds(line) for line in firsts], "the ideal", ideals)
    report.bars.append(Bar(f"{shape} at {LATENCY_MS} ms: time, times the ideal", ratio, MOST_TIMES_IDEAL))
    _add(report, shape, name, "cached, s", [_seconds(line) for line in cached], "boto3 lists", listings)
    requests = [float(line["s3_requests"]) for line in cached]
    _add(report, shape, name, "cached: S3 requests", requests, text="{:.0f}".format)
    report.bars.append(Bar(f"{shape}: S3 requests of a cached answer", max(requests), MOST_CACHED_REQUESTS))


def _files(report: Report, bench: Bench, owner: contextlib.ExitStack, binary: Path) -> None:
    shape = MIDDLE.of(bench)
    server = SeaweedFS(owner)
    server.create_bucket(BUCKET, listed=True)
    folder = temporary.folder(owner, "objects") / FOLDER
    folder.mkdir()
    files = [objects.write(folder / f"{number:06}.bin", shape.size) for number in range(shape.count)]
    client = server.client()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda file: client.upload_file(str(file), BUCKET, f"{FOLDER}/{file.name}"), files))
    ask = functools.partial(first_request.ask, binary, settings(server.endpoint, ROLE, {}), BUCKET, f"{FOLDER}/")
    place = Place(server.endpoint, BUCKET, folder, ask().torrent)
    pairs = [(ask().usage.wall, baselines.sync_and_mktorrent(place).wall) for _ in range(bench.runs(RUNS))]
    own, theirs = zip(*pairs, strict=True)
    ratio = _add(report, shape, "SeaweedFS", "wall, s", own, "sync + mktorrent", theirs)
    report.bars.append(Bar(f"{shape} on SeaweedFS: times faster", 1 / ratio, LEAST_TIMES_FASTER, at_least=True))


def _memory(
    report: Report, bench: Bench, shape: Shape, variables: Mapping[str, str], server: test_s3.Server, binary: Path
) -> None:
    env = settings(server.endpoint, None, variables)
    peaks = [first_request.ask(binary, env, BUCKET, f"{FOLDER}/").usage.peak_mib for _ in range(bench.runs(3))]
    figure = "peak memory, MiB" + (f", {CONNECTIONS} connections" if variables else "")
    _add(report, shape, "test S3", figure, peaks, text="{:.1f}".format)
    if not variables:
        report.bars.append(Bar(f"{shape}: peak memory, MiB", max(peaks), MOST_MIB))


def _add(
    report: Report,
    shape: Shape,
    server: str,
    figure: str,
    own: Sequence[float],
    baseline: str = "",
    theirs: Sequence[float] = (),
    text: Callable[[float], str] = "{:.2f}".format,
) -> float:
    """Adds a row, and returns the median of the ratios."""
    ratios = [ours / other for ours, other in zip(own, theirs, strict=True)] if theirs else []
    cells = [spread(theirs, text), spread(ratios)] if theirs else ["", ""]
    report.rows.append([str(shape), server, figure, spread(own, text), baseline, *cells])
    print(" | ".join(report.rows[-1]), flush=True)
    return statistics.median(ratios) if ratios else 0.0


def _seconds_to_list(client: BaseClient) -> float:
    start = time.monotonic()
    for _ in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{FOLDER}/"):
        pass
    return time.monotonic() - start


def _seconds(line: Mapping[str, float]) -> float:
    return line["duration_ms"] / 1000
