"""The job: its two functions, the state machine that calls them, and its executions."""

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from botocore.client import BaseClient
from functions import SECRETS, Functions
from store import HASHER, OPEN, Store

from scripts.stack.function import Function
from scripts.stack.gateways import Event
from scripts.stack.lambda_api import LambdaApi, LambdaFunction
from scripts.stack.processes import POLL_SECONDS
from scripts.stack.seaweedfs import ROLE, Credentials
from scripts.stack.step_functions import StepFunctions

# No job of a test takes longer, however busy the machine is.
JOB_SECONDS = 120
# Children at a time, each in a process of its own.
CONCURRENCY = 2


class Gate:
    """Holds the invocations that `holds` names, until the test opens it."""

    def __init__(self, holds: Callable[[Event], bool]) -> None:
        self._holds = holds
        self._reached, self._opened = threading.Event(), threading.Event()

    def __call__(self, event: Event) -> None:
        if self._holds(event):
            self._reached.set()
            assert self._opened.wait(JOB_SECONDS)

    @contextlib.contextmanager
    def reached(self) -> Iterator[None]:
        """Opens the gate at the end of the block, which begins when an invocation has come to it."""
        try:
            assert self._reached.wait(JOB_SECONDS)
            yield
        finally:
            self._opened.set()


@dataclass(frozen=True)
class Job:
    """A deployment of the job: what template.yaml makes of it."""

    # All but its hashing.
    function: LambdaFunction
    # Of the spans.
    hasher: LambdaFunction
    state_machine: str
    client: BaseClient
    # The configuration of all functions.
    variables: Mapping[str, str]

    def start(self, key: str, bucket: str = OPEN, attempt: int = 1, **more: object) -> "Execution":
        """An execution as the API function starts it, but under a name that no other has."""
        name = f"{uuid.uuid4().hex}-{attempt}"
        return self.start_with({"bucket": bucket, "key": key, **more}, name)

    def start_with(self, event: dict[str, object], name: str | None = None) -> "Execution":
        """An execution with any input."""
        return Execution.start(self.client, self.state_machine, event, name)

    def executions(self) -> list["Execution"]:
        """All so far."""
        listed = self.client.list_executions(stateMachineArn=self.state_machine)["executions"]
        return [Execution(self.client, entry["executionArn"]) for entry in listed]

    def run(self, key: str, bucket: str = OPEN, **more: object) -> "Ended":
        """An execution, to its end."""
        return self.start(key, bucket, **more).ended()

    def hashed(self) -> list[int]:
        """Where the spans begin that the children were called for, in the order of the object's bytes."""
        return sorted(event["span"]["start"] for event in self.hasher.events)

    def id(self) -> str:
        """Names what it keeps in S3."""
        return self.hasher.events[0]["job"]["id"]


@dataclass(frozen=True)
class Execution:
    """An execution that has begun."""

    client: BaseClient
    arn: str

    @classmethod
    def start(
        cls, client: BaseClient, state_machine: str, event: dict[str, object], name: str | None = None
    ) -> "Execution":
        """Starts it with `event` as its input; without a name, under one of its own."""
        name = name or uuid.uuid4().hex
        started = client.start_execution(stateMachineArn=state_machine, name=name, input=json.dumps(event))
        return cls(client, started["executionArn"])

    @property
    def name(self) -> str:
        """Within its state machine."""
        return self.arn.rpartition(":")[2]

    def ended(self) -> "Ended":
        """Waits for its end."""

        def look() -> Ended | None:
            said = self.client.describe_execution(executionArn=self.arn)
            if said["status"] == "RUNNING":
                return None
            output = json.loads(said.get("output") or "null")
            return Ended(said["status"], said.get("error"), said.get("cause"), output)

        return wait_for(look, f"the end of {self.arn}")


@dataclass(frozen=True)
class Ended:
    """How an execution ended."""

    status: str
    error: str | None = None
    cause: str | None = None
    output: object = field(default=None, compare=False)


T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """What `look` has found at last."""
    deadline = time.monotonic() + JOB_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"{what} did not come within {JOB_SECONDS} s")


class Jobs:
    """Deploys jobs by their configuration, and keeps them for the next test that asks for the same."""

    def __init__(
        self,
        owner: contextlib.ExitStack,
        binary: Path,
        functions: Functions,
        lambda_api: LambdaApi,
        step_functions: StepFunctions,
    ) -> None:
        self._owner = owner
        self._binary = binary
        self._functions = functions
        self._lambda_api = lambda_api
        self._step_functions = step_functions
        self._deployed: list[Job] = []

    def deploy(
        self,
        credentials: Credentials = ROLE,
        hash_credentials: Credentials = HASHER,
        throttling_retries: int | None = None,
        **variables: str,
    ) -> Job:
        """A job of the test's own: what a test does to its functions disturbs no other."""
        number = len(self._deployed)
        function = self._function(f"job-{number}", credentials, variables, 1)
        hasher = self._function(f"hash-{number}", hash_credentials, variables, CONCURRENCY)
        state_machine = self._step_functions.create(function.arn, hasher.arn, throttling_retries)
        job = Job(function, hasher, state_machine, self._step_functions.client, variables)
        self._deployed.append(job)
        return job

    def api(self, job: Job, processes: int = 1, **variables: str) -> Function:
        """The API function, which has `job` make the torrents of all objects."""
        workflow = {
            "JOB_STATE_MACHINE_ARN": job.state_machine,
            "AWS_ENDPOINT_URL_SFN": self._step_functions.endpoint,
            "INLINE_MAX_SIZE": "0",
        }
        return self._functions.start(processes=processes, **workflow, **job.variables, **variables)

    def check_logs(self) -> None:
        """No function has written what nobody may read."""
        for job in self._deployed:
            for function in (job.function, job.hasher):
                log = function.log.read_text(encoding="utf-8", errors="replace").lower()
                assert not [secret for secret in SECRETS if secret.lower() in log]

    def news(self) -> str:
        """What the functions of the latest job have logged, and what the interpreter has last."""
        functions = [function for job in self._deployed[-1:] for function in (job.function, job.hasher)]
        logs = [*(function.log for function in functions), self._step_functions.log]
        # The interpreter fills screens with a line.
        return "\n".join(line[:300] for log in logs for line in log.read_text(errors="replace").splitlines()[-10:])

    def _function(
        self, name: str, credentials: Credentials, variables: dict[str, str], processes: int
    ) -> LambdaFunction:
        workflow = {"JOB_CONCURRENCY": str(CONCURRENCY), "AWS_ENDPOINT_URL_SFN": self._step_functions.endpoint}
        env = self._functions.environment(credentials, **{**workflow, **variables})
        return LambdaFunction(self._owner, self._lambda_api, name, self._binary, env, processes)


def created(bucket: str, key: str, etag: str, length: int) -> dict[str, object]:
    """S3's event as EventBridge hands it over.

    <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    """
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": length, "etag": etag.strip('"'), "sequencer": "00617F08299329D189"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }


def fragments(store: Store, job_id: str, bucket: str = OPEN, prefix: str = "") -> set[str]:
    """What the job has left: the ends of the keys."""
    folder = f"{prefix}torrent-jobs/{job_id}/"
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    return {entry["Key"].removeprefix(folder) for page in pages for entry in page.get("Contents", [])}


def span_key(start: int, end: int) -> str:
    """The fragment of a span, as `fragments` shows it."""
    return f"spans/{start:020}-{end:020}"
