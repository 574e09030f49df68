"""How long a job takes and what it costs: what `plan` of crates/bench-tools tells, with assumptions about AWS.

Everything in capitals here is an assumption, or a price of us-east-1, and docs/COSTS.md says so. `job_assemble`
holds what is assumed of Assemble to what it measures.
"""

import heapq
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from benches.cost_model import GB_SECOND, GET, INVOCATION, PUT, STEP_SECONDS
from scripts.stack import tools
from scripts.stack.errors import StackError

# Children at a time.
CONCURRENCIES = (10, 100, 1_000, 5_000)
# In MB: the default of the template, and the least there is.
HASH_MEMORIES = (1_024, 128)
JOB_MEMORY = 512
# What a function of Lambda's reads and hashes, by the lowest of the reports.
BYTES_PER_SECOND = 75e6
# Of a function that has not run yet: until it asks for work.
START_SECONDS = 0.2
# Lambda adds 1,000 environments in 10 s: docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html.
STARTS_PER_SECOND = 100
# What Step Functions takes to start a child, to invoke its function and to note its end.
CHILD_SECONDS = 0.15
# The variable's default.
FETCH_CONCURRENCY = 8
# To read the list of spans and to begin; and at the end, to see that all is done.
MAP_SECONDS = 2.0
# Of Plan and of what stands between the states.
STATES_SECONDS = 1.5
# Of Assemble and Clean at 512 MB: 64 fragments at a time from an S3 that answers in 50 ms take 0.8 ms each.
ASSEMBLE_SECONDS = 0.5
ASSEMBLE_SECONDS_A_SPAN = 0.001
# Of an S3 prefix, in GETs a second: docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html.
PREFIX_GETS = 5_500

# aws.amazon.com/step-functions/pricing.
TRANSITION = 0.025 / 1e3
EXPRESS_REQUEST = 1.00 / 1e6
EXPRESS_GB_SECOND = 0.06 / 3600
# 50 MB, the definition and the data are less than one unit of 64 MB.
EXPRESS_GB = 64 / 1024
# Plan, IsAnythingToRead, Hash, Assemble, Clean, TorrentStored; and one a child, though AWS does not say so.
TRANSITIONS = 6


@dataclass(frozen=True)
class Plan:
    """What the code plans for one object, as `plan` of crates/bench-tools prints it."""

    name: str
    figures: Mapping[str, Any]

    @property
    def spans(self) -> int:
        """Children."""
        return self.figures["spans"]

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests to S3, by their kind and by the task."""
        return self.figures["requests"]

    @property
    def all_requests(self) -> int:
        """Of the whole job."""
        return sum(self.requests[kind] for kind in ("head", "get", "put", "list", "delete"))

    @property
    def span_seconds(self) -> float:
        """Of a function that hashes one span: the fragment that may be there, the bytes, the fragment."""
        span_bytes = min(self.figures["span_size"], self.figures["length"])
        return 3 * STEP_SECONDS + max(span_bytes / BYTES_PER_SECOND, self._read_seconds(self.figures["most_reads"]))

    def hash_seconds(self) -> float:
        """Of all functions together, but for their starts."""
        reads = self.requests["hash"] - 2 * self.spans
        reading = max(self.figures["length"] / BYTES_PER_SECOND, self._read_seconds(reads))
        return 3 * STEP_SECONDS * self.spans + reading

    def _read_seconds(self, reads: float) -> float:
        """Of so many GETs of few bytes: FETCH_CONCURRENCY of them are always under way."""
        return reads * STEP_SECONDS / FETCH_CONCURRENCY

    def assemble_seconds(self) -> float:
        """Of Assemble and Clean."""
        return ASSEMBLE_SECONDS + ASSEMBLE_SECONDS_A_SPAN * self.spans


@dataclass(frozen=True)
class Cost:
    """Dollars."""

    lambda_: float
    step_functions: float
    s3: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.lambda_ + self.step_functions + self.s3


def plans(program: Path, lengths: Sequence[str] = ()) -> list[Plan]:
    """What `program` (`build.plan`) prints, for `lengths` or the usual ones."""
    ran = subprocess.run(
        [program, *lengths], env=dict(tools.environment()), capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise StackError(f"{program} failed: {ran.stderr}")
    return [Plan(**plan) for plan in json.loads(ran.stdout)]


def seconds(plan: Plan, concurrency: int) -> float:
    """From the execution's start to its end."""
    return STATES_SECONDS + MAP_SECONDS + map_seconds(plan, concurrency) + plan.assemble_seconds()


def map_seconds(plan: Plan, concurrency: int) -> float:
    """Of the children: each takes the function that is free first; the functions come one by one."""
    functions = min(concurrency, plan.spans)
    free = [START_SECONDS + number / STARTS_PER_SECOND for number in range(functions)]
    # Spans of a collection may be cut further, so that the last is no rest.
    last = max(plan.figures["length"] - (plan.spans - 1) * plan.figures["span_size"], 0)
    for _ in range(plan.spans - 1):
        heapq.heappush(free, heapq.heappop(free) + CHILD_SECONDS + plan.span_seconds)
    heapq.heappush(free, heapq.heappop(free) + CHILD_SECONDS + 3 * STEP_SECONDS + last / BYTES_PER_SECOND)
    return max(free)


def gets_a_second(plan: Plan, concurrency: int) -> float:
    """Of the object's ranges, once all functions run."""
    return min(concurrency, plan.spans) * BYTES_PER_SECOND / plan.figures["range_bytes"]


def cost(plan: Plan, concurrency: int, memory: int) -> Cost:
    """With functions of so many MB that hash."""
    functions = min(concurrency, plan.spans)
    hashing = memory / 1024 * (plan.hash_seconds() + START_SECONDS * functions)
    others = JOB_MEMORY / 1024 * (plan.assemble_seconds() + 3 * START_SECONDS)
    lambda_ = (hashing + others) * GB_SECOND + (plan.spans + 3) * INVOCATION
    express = plan.hash_seconds() + CHILD_SECONDS * plan.spans
    step_functions = (
        (TRANSITIONS + plan.spans) * TRANSITION
        + plan.spans * EXPRESS_REQUEST
        + express * EXPRESS_GB * EXPRESS_GB_SECOND
    )
    requests = plan.requests
    # DELETE costs nothing, LIST what PUT costs.
    s3 = (requests["get"] + requests["head"]) * GET + (requests["put"] + requests["list"]) * PUT
    return Cost(lambda_, step_functions, s3)


def duration(value: float) -> str:
    """For people."""
    if value < 100:
        return f"{value:.0f} s"
    minutes = ceil(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{value / 3600:.1f} h"


def columns() -> list[str]:
    """Of the table of times and prices."""
    times = [f"at {concurrency:,}" for concurrency in CONCURRENCIES]
    prices = [f"$, {memory:,} MB" for memory in HASH_MEMORIES]
    return ["object", *times, *prices, "Lambda", "Step Functions", "S3"]


def rows(all_plans: Sequence[Plan]) -> list[list[str]]:
    """One a plan; the parts of the price are those at the template's memory."""
    return [_row(plan) for plan in all_plans]


def _row(plan: Plan) -> list[str]:
    times = [duration(seconds(plan, concurrency)) for concurrency in CONCURRENCIES]
    # Only the starts depend on how many run at a time.
    costs = [cost(plan, 100, memory) for memory in HASH_MEMORIES]
    parts = [costs[0].lambda_, costs[0].step_functions, costs[0].s3]
    return [plan.name, *times, *(f"{value:.3f}" for value in [costs[0].total, costs[1].total, *parts])]
