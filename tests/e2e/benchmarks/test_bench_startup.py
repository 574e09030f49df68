"""The benchmarks of start, cache, tracker, part checksums and cost work, and the cost table is the formulas'.

Their figures are docs/BENCHMARKS.md's business.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import quick_bench

from benches import cost_model
from scripts.stack import build, tools


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("cold_start", "| zip, MB |"),
        ("cached", "| SeaweedFS |"),
        ("tracker", "| requests to the table for an announce, 10 peers |"),
        ("part_checksums", "| part-checksums | 5 | 0 |"),
        ("profiles", "| Cargo.toml's |"),
        ("cost", "| 1 TiB | sidecar | 2 | 0 |"),
    ],
)
def test_a_quick_run_prints_the_table(name: str, row: str, build_shown: Callable[..., Path]) -> None:
    for program in (build.release, build.test_s3):
        build_shown(program)
    lines = quick_bench.run(name)
    assert [line for line in lines if line.startswith(row)], lines


def test_the_formulas_are_those_of_the_requests_that_were_counted() -> None:
    """As QUICK=1 does not fail on a bar, this one is looked at here."""
    assert cost_model.whole_object(64 * cost_model.MIB).gets == 2 + 4
    assert cost_model.part_checksums(cost_model.GIB).gets == 2 + 1
    assert cost_model.part_checksums(10_000 * cost_model.LARGEST_PART).gets == 2 + 10
    assert cost_model.part_checksums(cost_model.TIB) is None


def test_the_document_has_the_table_of_the_formulas() -> None:
    document = (tools.ROOT / "docs" / "COSTS.md").read_text(encoding="utf-8")
    table = [cost_model.columns(), *cost_model.rows()]
    for row in table:
        assert f"| {' | '.join(row)} |" in document
