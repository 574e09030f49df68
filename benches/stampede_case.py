"""One stampede: callers, instances, an object that has no sidecar, and what is counted of it."""

import contextlib
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benches import load_requests, server_counters
from benches.load_callers import Caller
from benches.load_judge import Answer
from benches.load_objects import BUCKET, Stored
from scripts.stack.function import JOB_NAME, built, settings
from scripts.stack.lambda_api import LambdaApi, LambdaFunction
from scripts.stack.seaweedfs import ROLE, SeaweedFS
from scripts.stack.step_functions import StepFunctions

# Apart from the object: so all that S3 sends of the object's bucket is the object.
TORRENTS = "torrents"


@dataclass(frozen=True)
class Ended:
    """What the answers, the functions' logs and the server's counters say."""

    faults: Sequence[str]
    # How many answers say so.
    origins: Mapping[str, int]
    different_torrents: int
    # Of the last answer.
    seconds: float
    bytes_read: int
    bytes_sent: int
    gets: int
    # Sidecars that S3 did not take, as there was one.
    refused: int
    sidecars: int


@dataclass(frozen=True)
class Case:
    """How many ask, and who answers them."""

    callers: int
    instances: int
    by_job: bool = False

    @property
    def name(self) -> str:
        """For people, with how many answer."""
        reader = "a job" if self.by_job else f"{self.instances} instance{'s' if self.instances > 1 else ''}"
        return f"{self.callers} at once, {reader}" if self.callers > 1 else "one alone"

    def run(self, owner: contextlib.ExitStack, binary: Path, server: SeaweedFS, stored: Stored) -> Ended:
        """All callers at once."""
        # Of this run alone: none finds a sidecar.
        prefix = f"{uuid.uuid4().hex}/"
        variables = {"BUCKETS": BUCKET, "SIDECAR_BUCKET": TORRENTS, "SIDECAR_PREFIX": prefix}
        env = settings(server.endpoint, ROLE, variables)
        workflow, job_logs = _job(owner, binary, server, env) if self.by_job else ({}, [])
        function = built(owner, binary, {**env, **workflow}, processes=self.instances)
        callers = [Caller(function.endpoint, server.endpoint) for _ in range(self.callers)]
        before = [server_counters.of_bucket(server, bucket) for bucket in (BUCKET, TORRENTS)]
        start = time.monotonic()
        answers = _at_once(callers, stored)
        seconds = time.monotonic() - start
        objects, torrents = (
            server_counters.of_bucket(server, bucket) - then
            for bucket, then in zip((BUCKET, TORRENTS), before, strict=True)
        )
        return Ended(
            faults=[outcome.fault for caller in callers for outcome in caller.outcomes if outcome.fault],
            origins=Counter(answer.headers.get("x-torrent-origin", "none") for answer in answers),
            different_torrents=len({answer.body for answer in answers}),
            seconds=seconds,
            bytes_read=_bytes_read([function.log, *job_logs]),
            bytes_sent=objects.bytes_sent,
            gets=objects.requests.get(("GET", 206), 0),
            refused=torrents.requests.get(("PUT", 412), 0),
            sidecars=_sidecars(server, prefix),
        )


def _job(
    owner: contextlib.ExitStack, binary: Path, server: SeaweedFS, env: Mapping[str, str]
) -> tuple[Mapping[str, str], list[Path]]:
    """What makes the function leave every object to a job, and the logs of the job's functions."""
    lambda_api = LambdaApi(owner)
    job, hasher = (
        LambdaFunction(owner, lambda_api, name, binary.with_name(JOB_NAME), env, processes=1)
        for name in ("job", "hash")
    )
    step_functions = StepFunctions(owner, lambda_api.endpoint, server.endpoint, ROLE)
    workflow = {
        "JOB_STATE_MACHINE_ARN": step_functions.create(job.arn, hasher.arn),
        "AWS_ENDPOINT_URL_SFN": step_functions.endpoint,
        "INLINE_MAX_SIZE": "0",
    }
    return workflow, [job.log, hasher.log]


def _at_once(callers: Sequence[Caller], stored: Stored) -> list[Answer]:
    """Nobody asks before all are ready; those that get no answer have noted it."""
    barrier = threading.Barrier(len(callers))

    def ask(caller: Caller) -> Answer | None:
        barrier.wait()
        with contextlib.closing(caller):
            return caller.ask(load_requests.of_any_origin(stored))

    with ThreadPoolExecutor(len(callers)) as pool:
        return [answer for answer in pool.map(ask, callers) if answer is not None]


def _bytes_read(logs: Sequence[Path]) -> int:
    """By the lines with which requests and tasks end."""
    lines = [json.loads(line) for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
    return sum(line.get("bytes_read", 0) for line in lines if line["message"] in ("request", "task"))


def _sidecars(server: SeaweedFS, prefix: str) -> int:
    listed = server.client().list_objects_v2(Bucket=TORRENTS, Prefix=prefix).get("Contents", [])
    return sum(entry["Key"].endswith(".torrent") for entry in listed)
