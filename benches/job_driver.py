"""A job's tasks, done by real processes of the job function: one queue, and as many processes as there are workers.

This is the map's concurrency without Step Functions: Plan, then Hash for each span as a worker comes free, Assemble,
Clean. Nothing is retried: a task that fails is an error. The workflow itself is tested with an interpreter elsewhere.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

from scripts.stack import function, temporary
from scripts.stack.errors import StackError
from scripts.stack.runtime_api import Invocations, RuntimeApi

# The longest that Lambda runs anything.
TASK_SECONDS = 900

Task = dict[str, Any]


class Workers:
    """Processes of the job function, each with one task at a time."""

    def __init__(self, owner: contextlib.ExitStack, binary: Path, env: Mapping[str, str], count: int) -> None:
        self._invocations = Invocations(TASK_SECONDS)
        folder = temporary.folder(owner, "workers")
        self.processes = [
            function.start(
                owner,
                function.JOB_NAME,
                binary,
                env,
                RuntimeApi(owner, self._invocations).address,
                folder / str(number),
            )
            for number in range(count)
        ]

    def call(self, task: Task) -> Any:
        """What the function tells the workflow."""
        outcome = self._invocations.run(task)
        if outcome is None or outcome.failed:
            logs = "".join(process.last_lines() for process in self.processes)
            raise StackError(f"the task {task['task']} failed{logs}")
        return json.loads(outcome.body)

    def call_all(self, tasks: Sequence[Task]) -> None:
        """All of them, as workers come free."""
        with ThreadPoolExecutor(len(self.processes)) as callers:
            for _ in callers.map(self.call, tasks):
                pass


def plan(workers: Workers, bucket: str, key: str) -> dict[str, Any]:
    """Plan's answer for an object that has to be read."""
    planned = workers.call({"task": "plan", "input": {"bucket": bucket, "key": key}})
    if planned["status"] != "read":
        raise StackError(f"{bucket}/{key} needs no read: {planned}")
    return planned


def spans(client: BaseClient, planned: Mapping[str, Any]) -> list[dict[str, int]]:
    """The list that the map reads."""
    place = planned["items"]
    return json.loads(client.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read())


def hash_all(workers: Workers, planned: Mapping[str, Any], all_spans: Sequence[Mapping[str, int]]) -> None:
    """The map."""
    workers.call_all([{"task": "hash", "job": planned["job"], "span": span} for span in all_spans])


def end(workers: Workers, task: str, planned: Mapping[str, Any]) -> None:
    """`assemble` or `clean`."""
    workers.call({"task": task, "job": planned["job"]})


def answers(client: BaseClient, bucket: str, key: str) -> int:
    """How many answers the test S3 has given so far, the one that tells it among them: it numbers them."""
    told = client.head_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    return int(told, 16) + 1
