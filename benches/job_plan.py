"""Jobs of any size, simulated: what the code plans, and by a model how long it takes and what it costs.

docs/COSTS.md has the same tables: tests/e2e/benchmarks/test_bench_jobs.py compares them.
"""

from collections.abc import Sequence

from benches import job_model
from benches.bench import Bench
from benches.job_model import CONCURRENCIES, Plan
from benches.objects import MIB
from benches.report import Bar, Report
from scripts.stack import build

# Of any state: docs.aws.amazon.com/step-functions/latest/dg/express-limits.html.
STATE_BYTES = 262_144
TEXT = """What the code plans (`cargo run -p bench-tools --bin plan`) for objects and collections of these sizes, with
all names as long as S3 allows. Nothing is measured here, and nothing is random. State is more than any state of the
workflow can have: its input, Plan's output, one child's input and the map's output together. S3 requests are those of a
whole job without retries. Times and prices follow from this by a model. Its table and assumptions are in
[COSTS.md](COSTS.md#what-a-job-takes-and-costs)."""


def run(bench: Bench) -> Report:
    """The plans, and the limits they are held to."""
    plans = job_model.plans(build.plan(bench.owner))
    report = Report("Plans of jobs", TEXT, columns(), rows(plans))
    for row in [job_model.columns(), *job_model.rows(plans)]:
        print(f"| {' | '.join(row)} |")
    largest = max(plans, key=lambda plan: plan.figures["length"])
    report.bars += [
        Bar("bytes of state", max(plan.figures["states"]["bound"] for plan in plans), STATE_BYTES),
        Bar("GB of items", largest.figures["items_bytes"] / 1e9, 10),
        Bar("GETs a second of the object's prefix", _most_gets(plans), job_model.PREFIX_GETS),
        Bar("seconds of a child", max(plan.span_seconds for plan in plans), 145),
    ]
    report.figures["seconds"] = {
        plan.name: [[concurrency, job_model.seconds(plan, concurrency)] for concurrency in CONCURRENCIES]
        for plan in plans
        if not plan.figures["objects"]
    }
    return report


def columns() -> list[str]:
    """Of the table of plans."""
    return ["object", "piece MiB", "pieces", "span MiB", "spans", "items KB", "state KB", "digests KB", *_KINDS]


_KINDS = {"HEAD": "head", "GET": "get", "PUT": "put", "LIST": "list", "DELETE": "delete"}


def rows(plans: Sequence[Plan]) -> list[list[str]]:
    """One a plan."""
    return [_row(plan) for plan in plans]


def _row(plan: Plan) -> list[str]:
    figures = plan.figures
    sizes = [f"{figures['piece_length'] / MIB:g}", f"{figures['pieces']:,}", f"{figures['span_size'] / MIB:g}"]
    kilobytes = [figures["items_bytes"], figures["states"]["bound"], figures["fragment_bytes"]]
    requests = [f"{plan.requests[kind]:,}" for kind in _KINDS.values()]
    return [plan.name, *sizes, f"{plan.spans:,}", *(f"{value / 1000:,.1f}" for value in kilobytes), *requests]


def _most_gets(plans: Sequence[Plan]) -> float:
    return max(job_model.gets_a_second(plan, max(CONCURRENCIES)) for plan in plans)
