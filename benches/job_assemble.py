"""The far end of a job: Assemble and Clean of S3's largest object, whose fragments are made up."""

import contextlib
import random
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

from benches import cpu, job_driver, job_model
from benches.bench import Bench, spread
from benches.job_driver import Workers
from benches.job_model import Plan
from benches.objects import GIB
from benches.report import Bar, Report
from scripts.stack import build, test_s3
from scripts.stack.errors import StackError
from scripts.stack.function import settings

BUCKET, KEY = "data", "object.bin"
# S3's largest object, and the piece length it gets.
LARGEST = 53_687_091_200_000
QUICK = 1_000 * GIB
LATENCY_MS = 20
RUNS = 3
UPLOADS = 8
# Of the 128 MB that a function has at least.
MOST_MIB = 64
TEXT = f"""Plan, Assemble and Clean for an object of {{size}}, on the test S3 with {LATENCY_MS} ms before each answer.
Each is done by a new process of the release binary `torrent-job` with its defaults. The benchmark itself put the
{{spans}} fragments there: {{digests}} bytes that only look like digests, which the sidecar then contained, in order.
Peak memory is the kernel's count (VmHWM). The server counts the S3 requests, which must be those of the plan. The bar
for the seconds is what the model of COSTS.md assumes."""
COLUMNS = ("task", "seconds", "peak memory, MiB", "CPU, s", "S3 requests")


@dataclass(frozen=True)
class _Step:
    seconds: float
    peak_mib: float
    cpu: float
    requests: int


def run(bench: Bench) -> Report:
    """Each task, several times."""
    binary, program = build.job(bench.owner), build.test_s3(bench.owner, release=not bench.quick)
    size = QUICK if bench.quick else LARGEST
    s3 = test_s3.Server(bench.owner, program, public=[BUCKET], objects={f"{BUCKET}/{KEY}": size}, latency_ms=LATENCY_MS)
    steps: dict[str, list[_Step]] = {"plan": [], "assemble": [], "clean": []}
    for number in range(bench.runs(RUNS)):
        # So that none finds the torrent of another.
        own = {"BUCKETS": BUCKET, "MAX_OBJECT_SIZE": str(size), "SIDECAR_PREFIX": f"run-{number}/"}
        far_end = _FarEnd(binary, s3, own)
        for task, done in steps.items():
            done.append(far_end.step(task))
            print(f"{task}: {done[-1].seconds:.2f} s, {done[-1].peak_mib:.1f} MiB", flush=True)
        far_end.check()
    [plan] = job_model.plans(build.plan(bench.owner), [str(size)])
    return _report(steps, plan)


class _FarEnd:
    """One job, whose spans nobody hashes."""

    def __init__(self, binary: Path, s3: test_s3.Server, own: Mapping[str, str]) -> None:
        self._binary, self._s3, self._prefix = binary, s3, own["SIDECAR_PREFIX"]
        self._env = settings(s3.endpoint, s3.credentials, own)
        self._client: BaseClient = s3.client()
        self._planned: dict[str, Any] = {}
        self.digests = b""

    def step(self, task: str) -> _Step:
        """Done by a process that has done nothing before."""
        before = job_driver.answers(self._client, BUCKET, KEY)
        with contextlib.ExitStack() as owner:
            workers = Workers(owner, self._binary, self._env, 1)
            start = time.monotonic()
            if task == "plan":
                self._planned = job_driver.plan(workers, BUCKET, KEY)
            else:
                job_driver.end(workers, task, self._planned)
            seconds, pid = time.monotonic() - start, workers.processes[0].pid
            peak, cpu_seconds = cpu.peak_mib(pid), cpu.seconds(pid)
        requests = job_driver.answers(self._client, BUCKET, KEY) - before - 1
        if task == "plan":
            self._put_fragments()
        return _Step(seconds, peak, cpu_seconds, requests)

    def check(self) -> None:
        """The sidecar has all digests, in order, and nothing else is left."""
        keys = [entry["Key"] for entry in self._client.list_objects_v2(Bucket=BUCKET, Prefix=self._prefix)["Contents"]]
        if keys != [f"{self._prefix}{KEY}.torrent"]:
            raise StackError(f"clean left {keys}")
        torrent = self._client.get_object(Bucket=BUCKET, Key=keys[0])["Body"].read()
        if b"6:pieces%d:" % len(self.digests) + self.digests not in torrent:
            raise StackError("the torrent lacks the fragments' digests")

    def _put_fragments(self) -> None:
        spans = job_driver.spans(self._client, self._planned)
        job = self._planned["job"]
        folder = self._planned["items"]["key"].rpartition("/")[0]
        counts = [-(-(span["end"] - span["start"]) // job["pieceLength"]) for span in spans]
        self.digests = random.Random(0).randbytes(20 * sum(counts))

        def put(span: Mapping[str, int]) -> None:
            first, last = span["start"] // job["pieceLength"], -(-span["end"] // job["pieceLength"])
            self._client.put_object(
                Bucket=BUCKET,
                Key=f"{folder}/spans/{span['start']:020}-{span['end']:020}",
                Body=self.digests[20 * first : 20 * last],
                Metadata={"torrent-format": "1", "torrent-job": job["id"]},
            )

        with ThreadPoolExecutor(UPLOADS) as uploads:
            for _ in uploads.map(put, spans):
                pass


def _report(steps: Mapping[str, list[_Step]], plan: Plan) -> Report:
    digests, size = plan.figures["fragment_bytes"], plan.figures["length"]
    text = TEXT.format(size=f"{size:,} bytes", spans=f"{plan.spans:,}", digests=f"{digests:,}")
    report = Report("Assemble at the far end", text, COLUMNS)
    for task, done in steps.items():
        report.rows.append(_row(task, done))
        off = max(abs(step.requests - plan.requests[task]) for step in done)
        report.bars.append(Bar(f"S3 requests of {task}, difference from the plan's {plan.requests[task]:,}", off, 0))
    report.bars.append(
        Bar("peak memory, MiB", max(step.peak_mib for done in steps.values() for step in done), MOST_MIB)
    )
    ends = [one.seconds + other.seconds for one, other in zip(steps["assemble"], steps["clean"], strict=True)]
    report.bars.append(Bar("seconds of assemble and clean", statistics.median(ends), plan.assemble_seconds()))
    return report


def _row(task: str, done: list[_Step]) -> list[str]:
    peaks = spread([step.peak_mib for step in done], "{:.1f}".format)
    cpu_seconds = spread([step.cpu for step in done])
    return [task, spread([step.seconds for step in done]), peaks, cpu_seconds, f"{done[0].requests:,}"]
