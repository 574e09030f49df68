"""How long a job takes and what it costs, from what `plan` of crates/bench-tools prints and assumptions about AWS.

Everything in capitals here is an assumption, or a price of us-east-1, and docs/COSTS.md says so. `make bench
ONLY=cost` prints its tables.
"""

import heapq
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from benches.cost_model import GB_SECOND, GET, INVOCATION, MIB, PUT, STEP_SECONDS
from scripts.stack import tools

# How many children run at a time.
CONCURRENCIES = (10, 100, 1_000, 5_000)
# In MB: the default of the template, and the least there is.
HASH_MEMORIES = (1_024, 128)
JOB_MEMORY = 512
# What a Lambda function reads and hashes, by the lowest of the reports.
BYTES_PER_SECOND = 75e6
# How long a new function takes until it asks for work.
START_SECONDS = 0.2
# Lambda adds 1,000 environments in 10 s: docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html.
STARTS_PER_SECOND = 100
# What Step Functions takes to start a child, to invoke its function and to note its end.
CHILD_SECONDS = 0.15
# The variable's default.
FETCH_CONCURRENCY = 8
# How long the map takes to read the list of spans, to begin and to end.
MAP_SECONDS = 2.0
# How long Plan and the steps between the states take.
STATES_SECONDS = 1.5
# How long Assemble and Clean take at 512 MB: 64 fragments at a time from an S3 that answers in 50 ms take 0.8 ms each.
ASSEMBLE_SECONDS = 0.5
ASSEMBLE_SECONDS_A_SPAN = 0.001

# aws.amazon.com/step-functions/pricing.
TRANSITION = 0.025 / 1e3
EXPRESS_REQUEST = 1.00 / 1e6
EXPRESS_GB_SECOND = 0.06 / 3600
# 50 MB, the definition and the data are less than one unit of 64 MB.
EXPRESS_GB = 64 / 1024
# Plan, IsAnythingToRead, Hash, Assemble, Clean, TorrentStored; and one a child, though AWS does not say so.
TRANSITIONS = 6
KINDS = ("head", "get", "put", "list", "delete")


@dataclass(frozen=True)
class Plan:
    """What the code plans for one object, as `plan` of crates/bench-tools prints it."""

    name: str
    figures: Mapping[str, Any]

    @property
    def spans(self) -> int:
        """The number of spans, which is the number of children."""
        return self.figures["spans"]

    def span_seconds(self) -> float:
        """How long one span takes: the fragment that may exist, the bytes, the fragment."""
        span_bytes = min(self.figures["span_size"], self.figures["length"])
        return 3 * STEP_SECONDS + _read_seconds(span_bytes, self.figures["most_reads"])

    def hash_seconds(self) -> float:
        """How long all functions hash together, without their starts."""
        reads = self.figures["requests"]["hash"] - 2 * self.spans
        return 3 * STEP_SECONDS * self.spans + _read_seconds(self.figures["length"], reads)

    def assemble_seconds(self) -> float:
        """How long Assemble and Clean take."""
        return ASSEMBLE_SECONDS + ASSEMBLE_SECONDS_A_SPAN * self.spans


def _read_seconds(size: int, reads: int) -> float:
    """How long so many bytes take, or so many GETs of few bytes, FETCH_CONCURRENCY at a time."""
    return max(size / BYTES_PER_SECOND, reads * STEP_SECONDS / FETCH_CONCURRENCY)


def plans(program: Path) -> list[Plan]:
    """What `program` (`build.plan`) prints."""
    ran = subprocess.run([program], env=dict(tools.environment()), capture_output=True, text=True, check=True)
    return [Plan(**plan) for plan in json.loads(ran.stdout)]


def seconds(plan: Plan, concurrency: int) -> float:
    """From the execution's start to its end."""
    return STATES_SECONDS + MAP_SECONDS + map_seconds(plan, concurrency) + plan.assemble_seconds()


def map_seconds(plan: Plan, concurrency: int) -> float:
    """How long the children take. Functions start one by one, and each span goes to the first that is free."""
    functions = min(concurrency, plan.spans)
    free = [START_SECONDS + number / STARTS_PER_SECOND for number in range(functions)]
    # The spans of a collection may be smaller, so the last one may have no rest.
    last = max(plan.figures["length"] - (plan.spans - 1) * plan.figures["span_size"], 0)
    for _ in range(plan.spans - 1):
        heapq.heappush(free, heapq.heappop(free) + CHILD_SECONDS + plan.span_seconds())
    heapq.heappush(free, heapq.heappop(free) + CHILD_SECONDS + 3 * STEP_SECONDS + last / BYTES_PER_SECOND)
    return max(free)


def cost(plan: Plan, concurrency: int, memory: int) -> tuple[float, float, float]:
    """The dollars of Lambda, Step Functions and S3, if the functions that hash have so many MB."""
    functions = min(concurrency, plan.spans)
    hashing = memory / 1024 * (plan.hash_seconds() + START_SECONDS * functions)
    others = JOB_MEMORY / 1024 * (plan.assemble_seconds() + 3 * START_SECONDS)
    lambda_ = (hashing + others) * GB_SECOND + (plan.spans + 3) * INVOCATION
    express = plan.hash_seconds() + CHILD_SECONDS * plan.spans
    states = (TRANSITIONS + plan.spans) * TRANSITION + plan.spans * EXPRESS_REQUEST
    states += express * EXPRESS_GB * EXPRESS_GB_SECOND
    requests = plan.figures["requests"]
    # DELETE costs nothing, LIST what PUT costs.
    s3 = (requests["get"] + requests["head"]) * GET + (requests["put"] + requests["list"]) * PUT
    return lambda_, states, s3


def duration(value: float) -> str:
    """Text for people."""
    if value < 100:
        return f"{value:.0f} s"
    minutes = ceil(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{value / 3600:.1f} h"


def plan_table(plans: list[Plan]) -> list[list[str]]:
    """What the jobs consist of: the columns, then a row for each."""
    sizes = ["piece MiB", "pieces", "span MiB", "spans"]
    return [["object", *sizes, *(kind.upper() for kind in KINDS)], *(_plan_row(plan) for plan in plans)]


def cost_table(plans: list[Plan]) -> list[list[str]]:
    """Times and prices; the parts of the price are those at the template's memory."""
    times = [f"at {concurrency:,}" for concurrency in CONCURRENCIES]
    prices = [f"$, {memory:,} MB" for memory in HASH_MEMORIES]
    columns = ["object", *times, *prices, "Lambda", "Step Functions", "S3"]
    return [columns, *(_cost_row(plan) for plan in plans)]


def _plan_row(plan: Plan) -> list[str]:
    figures = plan.figures
    sizes = [f"{figures['piece_length'] / MIB:g}", f"{figures['pieces']:,}", f"{figures['span_size'] / MIB:g}"]
    requests = [f"{figures['requests'][kind]:,}" for kind in KINDS]
    return [plan.name, *sizes, f"{plan.spans:,}", *requests]


def _cost_row(plan: Plan) -> list[str]:
    times = [duration(seconds(plan, concurrency)) for concurrency in CONCURRENCIES]
    # Only the starts depend on how many run at a time.
    costs = [cost(plan, 100, memory) for memory in HASH_MEMORIES]
    return [plan.name, *times, *(f"{dollars:.3f}" for dollars in [*map(sum, costs), *costs[0]])]
