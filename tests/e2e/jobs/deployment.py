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

    def start(self, key: str, bucket: str = OPEN, **more: object) -> "Execution":
        """An execution as the API function starts it, but under a name that no other has."""
        name, event = uuid.uuid4().hex, json.dumps({"bucket": bucket, "key": key, **more})
        started = self.client.start_execution(stateMachineArn=self.state_machine, name=name, input=event)
        return Execution(self.client, started["executionArn"])

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

    @property
    def name(self) -> str:
        """Within its state machine."""
        return self.arn.rpartition(":")[2]

    def ended(self) -> "Ended":
        """Waits for its end."""

        def look() -> Ended | None:
            said = self.client.describe_execution(executionArn=self.arn)
            return None if said["status"] == "RUNNING" else Ended(said["status"], said.get("error"))

        return wait_for(look, f"the end of {self.arn}")


@dataclass(frozen=True)
class Ended:
    """How an execution ended."""

    status: str
    error: str | None = None


T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """What `look` has found at last."""
    deadline = time.monotonic() + JOB_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"{what} did not come within {JOB_SECONDS} s")


@dataclass
class Jobs:
    """Deploys jobs by their configuration, until `owner` closes."""

    owner: contextlib.ExitStack
    binary: Path
    functions: Functions
    lambda_api: LambdaApi
    step_functions: StepFunctions
    deployed: list[Job] = field(default_factory=list)

    def deploy(
        self,
        hash_credentials: Credentials = HASHER,
        throttling_retries: int | None = None,
        **variables: str,
    ) -> Job:
        """A job of the test's own: what a test does to its functions disturbs no other."""
        number = len(self.deployed)
        function = self._function(f"job-{number}", ROLE, variables, 1)
        hasher = self._function(f"hash-{number}", hash_credentials, variables, CONCURRENCY)
        state_machine = self.step_functions.create(function.arn, hasher.arn, throttling_retries)
        job = Job(function, hasher, state_machine, self.step_functions.client, variables)
        self.deployed.append(job)
        return job

    def api(self, job: Job, **variables: str) -> Function:
        """The API function, which has `job` make the torrents of all objects."""
        workflow = {
            "JOB_STATE_MACHINE_ARN": job.state_machine,
            "AWS_ENDPOINT_URL_SFN": self.step_functions.endpoint,
            "INLINE_MAX_SIZE": "0",
        }
        return self.functions.start(**workflow, **job.variables, **variables)

    def check_logs(self) -> None:
        """No function has written what nobody may read."""
        for job in self.deployed:
            for function in (job.function, job.hasher):
                log = function.log.read_text(encoding="utf-8", errors="replace").lower()
                assert not [secret for secret in SECRETS if secret.lower() in log]

    def news(self) -> str:
        """What the functions of the latest job have logged, and what the interpreter has last."""
        functions = [function for job in self.deployed[-1:] for function in (job.function, job.hasher)]
        logs = [*(function.log for function in functions), self.step_functions.log]
        # The interpreter fills screens with a line.
        return "\n".join(line[:300] for log in logs for line in log.read_text(errors="replace").splitlines()[-10:])

    def _function(
        self, name: str, credentials: Credentials, variables: dict[str, str], processes: int
    ) -> LambdaFunction:
        workflow = {"JOB_CONCURRENCY": str(CONCURRENCY), "AWS_ENDPOINT_URL_SFN": self.step_functions.endpoint}
        env = self.functions.environment(credentials, **{**workflow, **variables})
        return LambdaFunction(self.owner, self.lambda_api, name, self.binary, env, processes)


def fragments(store: Store, job_id: str, bucket: str = OPEN, prefix: str = "") -> set[str]:
    """What the job has left: the ends of the keys."""
    folder = f"{prefix}torrent-jobs/{job_id}/"
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    return {entry["Key"].removeprefix(folder) for page in pages for entry in page.get("Contents", [])}


def span_key(start: int, end: int) -> str:
    """The fragment of a span, as `fragments` shows it."""
    return f"spans/{start:020}-{end:020}"
