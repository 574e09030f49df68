"""The page of the benchmarks names each of them, and has a place for their figures."""

import re

from benches.__main__ import NAMES
from scripts.stack import tools


def test_every_benchmark_is_a_module_and_has_a_question_and_figures():
    page = (tools.ROOT / "docs" / "BENCHMARKS.md").read_text(encoding="utf-8")
    assert re.findall(r"^\* \*\*`(\w+)`:", page, re.MULTILINE) == list(NAMES)
    assert all((tools.ROOT / "benches" / f"{name}.py").exists() for name in NAMES)
    [figures] = re.findall(r"^<!-- figures -->$(.*)^<!-- /figures -->$", page, re.MULTILINE | re.DOTALL)
    assert len(re.findall("^### ", figures, re.MULTILINE)) == len(NAMES)
