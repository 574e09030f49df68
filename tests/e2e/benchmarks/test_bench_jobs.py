"""The benchmarks of jobs work, and the document's tables are what the code plans and what the model makes of it.

Their figures are docs/BENCHMARKS.md's business.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import quick_bench

from benches import job_model, job_plan
from benches.job_model import Plan
from scripts.stack import build, tools

DOCUMENT = tools.ROOT / "docs" / "COSTS.md"


@pytest.fixture(scope="module")
def plans(build_shown: Callable[..., Path]) -> list[Plan]:
    return job_model.plans(build_shown(build.plan))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("job_workers", ["| 1 |", "| 8 |", "| 16 |"]),
        ("job_assemble", ["| plan |", "| assemble |", "| clean |"]),
        ("job_plan", ["| 1 GiB |", "| 48.8 TiB |"]),
    ],
)
def test_a_quick_run_prints_the_table(name: str, rows: list[str], build_shown: Callable[..., Path]) -> None:
    for program in (build.release, build.job, build.test_s3, build.plan):
        build_shown(program)
    lines = quick_bench.run(name)
    assert all(any(line.startswith(row) for line in lines) for row in rows), lines
    # As QUICK=1 does not fail on a bar; these are no times.
    requests = [line for line in lines if line.startswith("* S3 requests")]
    assert all(line.endswith(": kept") for line in requests), lines


def test_the_document_has_the_tables_of_the_plans_and_of_the_model(plans: list[Plan]) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for row in [job_plan.columns(), *job_plan.rows(plans), job_model.columns(), *job_model.rows(plans)]:
        assert f"| {' | '.join(row)} |" in document


def test_more_functions_take_no_longer_and_cost_no_less(plans: list[Plan]) -> None:
    for plan in plans:
        times = [job_model.seconds(plan, concurrency) for concurrency in (1, *job_model.CONCURRENCIES)]
        assert times == sorted(times, reverse=True)
        assert times[0] > plan.hash_seconds()
        costs = [job_model.cost(plan, concurrency, 1_024).total for concurrency in job_model.CONCURRENCIES]
        assert costs == sorted(costs)
