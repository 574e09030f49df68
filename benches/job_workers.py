"""A job with many workers against one with a single worker, where it is the server that limits each connection."""

import contextlib
import itertools
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benches import first_request, job_driver, job_model
from benches.bench import Bench, spread
from benches.job_driver import Workers
from benches.job_model import Plan
from benches.objects import GIB, MIB
from benches.report import Bar, Report
from scripts.stack import build, metainfo, test_s3
from scripts.stack.errors import StackError
from scripts.stack.function import settings

BUCKET, KEY = "data", "object.bin"
LATENCY_MS = 50
BYTES_PER_SECOND = 20_000_000
SIZE = 2 * GIB
# The default for objects up to 62.5 GiB.
SPAN = 64 * MIB
COUNTS = (1, 8, 16)
# How many times faster than one worker.
LEAST = {8: 6}
RUNS = 2
TEXT = f"""A job for an object of {{size}} from its first task to its last: Plan, Hash for each of {{spans}} spans,
Assemble, Clean. The test S3 (crates/test-s3) waits {LATENCY_MS} ms before each answer and sends {
    BYTES_PER_SECOND // 10**6
} MB/s on each connection. A worker is a process of the release binary `torrent-job` with FETCH_CONCURRENCY=1,
so it has one connection at a time. A queue of our own hands out the tasks by the Lambda runtime API. It has the map's
concurrency and no interpreter, so the figures contain no time of Step Functions itself. The ratio is to one worker in
the same round. Each job's torrent has the info hash that the API function finds when it reads the same object in one
request. The server counts the S3 requests, which must be those of the plan."""
COLUMNS = ("workers", "seconds", "MB/s", "times one worker", "S3 requests")


@dataclass(frozen=True)
class _Job:
    seconds: float
    requests: int
    info_hash: str


def run(bench: Bench) -> Report:
    """All counts of workers, round by round."""
    binary, server = build.job(bench.owner), build.test_s3(bench.owner, release=not bench.quick)
    size = 4 * MIB * max(COUNTS) if bench.quick else SIZE
    span = 4 * MIB if bench.quick else SPAN
    info_hash = _read_at_once(build.release(bench.owner), server, size)
    s3 = _server(bench.owner, server, size, latency_ms=LATENCY_MS, bytes_per_second=BYTES_PER_SECOND)
    numbers = itertools.count()
    jobs: dict[int, list[_Job]] = {count: [] for count in COUNTS}
    for _ in range(bench.runs(RUNS)):
        for count, done in jobs.items():
            own = {"BUCKETS": BUCKET, "FETCH_CONCURRENCY": "1", "SPAN_SIZE": str(span)}
            # So that none finds the torrent of another.
            own["SIDECAR_PREFIX"] = f"run-{next(numbers)}/"
            done.append(_job(binary, s3, own, count))
            print(f"{count} worker(s): {done[-1].seconds:.2f} s, {done[-1].requests} requests", flush=True)
            if done[-1].info_hash != info_hash:
                raise StackError(f"{count} worker(s) made the torrent {done[-1].info_hash}, not {info_hash}")
    [plan] = job_model.plans(build.plan(bench.owner), [f"{size}/{span}"])
    return _report(jobs, plan)


def _server(owner: contextlib.ExitStack, program: Path, size: int, **slowness: int) -> test_s3.Server:
    return test_s3.Server(owner, program, public=[BUCKET], objects={f"{BUCKET}/{KEY}": size}, **slowness)


def _read_at_once(binary: Path, program: Path, size: int) -> str:
    """The info hash by the API function, from a server that is not slow."""
    with contextlib.ExitStack() as owner:
        s3 = _server(owner, program, size)
        return metainfo.read(first_request.ask(binary, settings(s3.endpoint, None, {}), BUCKET, KEY).torrent).info_hash


def _job(binary: Path, s3: test_s3.Server, own: Mapping[str, str], count: int) -> _Job:
    client = s3.client()
    with contextlib.ExitStack() as owner:
        workers = Workers(owner, binary, settings(s3.endpoint, s3.credentials, own), count)
        answers_before, start = job_driver.answers(client, BUCKET, KEY), time.monotonic()
        planned = job_driver.plan(workers, BUCKET, KEY)
        job_driver.hash_all(workers, planned, job_driver.spans(client, planned))
        job_driver.end(workers, "assemble", planned)
        job_driver.end(workers, "clean", planned)
        seconds = time.monotonic() - start
        # The list of spans is read by us as by the map. The answer that tells the number is not the job's.
        requests = job_driver.answers(client, BUCKET, KEY) - answers_before - 1
    torrent = client.get_object(Bucket=BUCKET, Key=f"{own['SIDECAR_PREFIX']}{KEY}.torrent")["Body"].read()
    return _Job(seconds, requests, metainfo.read(torrent).info_hash)


def _report(jobs: Mapping[int, list[_Job]], plan: Plan) -> Report:
    size, planned = plan.figures["length"], plan.all_requests
    text = TEXT.format(size=f"{size / GIB:g} GiB", spans=plan.spans)
    report = Report("Workers of a job", text, COLUMNS)
    for count, done in jobs.items():
        seconds = [job.seconds for job in done]
        ratios = [one.seconds / job.seconds for one, job in zip(jobs[1], done, strict=True)]
        speed = spread([size / 1e6 / second for second in seconds], "{:.1f}".format)
        report.rows.append([str(count), spread(seconds), speed, spread(ratios), str(max(job.requests for job in done))])
        if count in LEAST:
            what = f"speed of {count} workers, times that of one"
            report.bars.append(Bar(what, statistics.median(ratios), LEAST[count], at_least=True))
    off = max(abs(job.requests - planned) for done in jobs.values() for job in done)
    report.bars.append(Bar(f"S3 requests, difference from the plan's {planned}", off, 0))
    return report
