"""The documented costs of a month, against the template and the README."""

import re

import pages
import pytest

from scripts import cloudformation as cfn

# In dollars a month.
ALARM = 0.10
README = (cfn.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tracker", "words"), [("false", "for the stack's {} alarms"), ("true", "for {} with a tracker")]
)
def test_a_month_without_calls_costs_its_alarms(tracker, words):
    resources = cfn.render(Tracker=tracker)["Resources"].values()
    alarms = [r for r in resources if r["Type"] == "AWS::CloudWatch::Alarm"]
    # An alarm on several metrics is charged for each.
    assert not any("Metrics" in alarm["Properties"] for alarm in alarms)
    cost = f"${len(alarms) * ALARM:.2f}"
    assert f"{cost} {words.format(len(alarms))}" in " ".join(pages.text().split())
    assert re.search(rf"nobody calls.*\{cost}", README)


def test_the_readme_has_the_comparison_with_cloudfront_for_10_tb():
    [(s3, enough, cloudfront)] = re.findall(r"^\| 10 \| (\d+) \| \d+ \| (\d+) \| (\d+) \|", pages.text(), re.MULTILINE)
    assert f"| ${s3}; ${cloudfront}; ${enough} |" in README
