"""The tables of costs in the docs are those of the formulas, and of what the code plans for jobs."""

import re
from collections.abc import Callable
from pathlib import Path

from benches import cost_model, job_model
from scripts.stack import build, tools

DOCS = "\n".join(page.read_text(encoding="utf-8") for page in sorted((tools.ROOT / "docs").glob("*.md")))


def test_the_tables_are_those_of_the_formulas(build_shown: Callable[..., Path]) -> None:
    plans = job_model.plans(build_shown(build.plan))
    requests = [cost_model.columns(), *cost_model.rows()]
    for row in [*requests, *job_model.plan_table(plans), *job_model.cost_table(plans)]:
        assert f"| {' | '.join(row)} |" in DOCS


def test_simultaneous_first_requests_cost_what_the_formulas_say() -> None:
    [section] = re.findall(r"## Many first requests at once\n(.*?)\n#", DOCS, re.DOTALL)
    of_64_mib, of_1_gib = (
        [cost_model.whole_object(size).dollars(memory) for memory in cost_model.BYTES_PER_SECOND]
        for size in (64 * cost_model.MIB, cost_model.GIB)
    )
    assert round(50 * min(of_64_mib), 3) == round(50 * max(of_64_mib), 3) == 0.001 and "a tenth of a cent" in section
    assert f"${50 * min(of_1_gib):.3f} to ${50 * max(of_1_gib):.3f} for 1 GiB" in section
    assert f"1,000 at once ${1_000 * min(of_1_gib):.2f} to ${1_000 * max(of_1_gib):.2f}" in section
