"""The documented costs of a month, against the template and the formulas."""

import re

import pages
import pytest

from benches import month_model
from scripts import cloudformation as cfn

README = (cfn.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tracker", "words"), [("false", "for the stack's {} alarms"), ("true", "for {} with a tracker")]
)
def test_a_month_without_calls_costs_its_alarms(tracker, words):
    resources = cfn.render(Tracker=tracker)["Resources"].values()
    alarms = [r for r in resources if r["Type"] == "AWS::CloudWatch::Alarm"]
    # An alarm on several metrics is charged for each.
    assert not any("Metrics" in alarm["Properties"] for alarm in alarms)
    cost = f"${month_model.idle(len(alarms), 0):.2f}"
    assert f"{cost} {words.format(len(alarms))}" in " ".join(pages.text().split())
    assert re.search(rf"nobody calls.*\{cost}", README)


def test_the_comparison_with_cloudfront_is_computed():
    rows = [f"| {' | '.join(row)} |" for row in month_model.rows()]
    assert "\n".join(rows) in pages.text()
    for dollars in month_model.rows()[1][1:4]:
        assert f"${dollars}" in README
