"""Alarms and the dashboard: every metric they name is one of the contract, or one that AWS itself writes."""

import json
import re

import pages
import pytest

from scripts import cloudformation as cfn
from scripts import docs

# Which program runs as which function.
PROGRAMS = {
    "<ApiFunction>": "get-object-torrent",
    "<JobFunction>": "torrent-job",
    "<HashFunction>": "torrent-job",
    "<TrackerFunction>": "torrent-tracker",
}
OURS = docs.contract()["namespace"]
METRICS = {(one["program"], one["name"]): tuple(one["dimensions"]) for one in docs.contract()["metrics"]}
# What AWS has of its services, by the documentation of each.
OF_AWS = {
    "AWS/ApiGateway": (("ApiName", "Stage"), {"Count", "4XXError", "5XXError"}),
    "AWS/DynamoDB": (
        ("TableName",),
        {"ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    ),
    "AWS/Lambda": (("FunctionName",), {"Invocations", "Errors", "Throttles", "ConcurrentExecutions"}),
    "AWS/States": (
        ("StateMachineArn",),
        {f"Executions{word}" for word in ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")}
        | {"ExecutionThrottled"},
    ),
    "AWS/SQS": (("QueueName",), {"ApproximateNumberOfMessagesVisible"}),
}
SEARCH = re.compile(r"""SEARCH\('\{([^}]*)\} MetricName="(\w+)" FunctionName="([^"]*)"', '(Sum|p99)'\)""")
# Arithmetic on two rows of the same widget.
SHARE = [{"expression": "100 * FILL(peers, 0) / all", "label": "from peers"}]


def alarms(**given):
    resources = cfn.render(**{"PregenerateBuckets": "data", "Tracker": "true", **given})["Resources"]
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def dashboard(**given):
    body = cfn.render(**{"Tracker": "true", **given})["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    return json.loads(body)["widgets"]


def shown(**given):
    """Namespace, metric, dimensions and the function of all that the dashboard draws."""
    for widget in dashboard(**given):
        above = []
        for row in widget["properties"].get("metrics", []):
            if row == SHARE:
                continue
            if isinstance(row[0], dict):
                names, metric, function, _ = SEARCH.fullmatch(row[0]["expression"]).groups()
                namespace, *dimensions = names.split(",")
                yield namespace, metric, tuple(dimensions), function
                continue
            cells = [cell for cell in row if isinstance(cell, str)]
            above = [above[place] if cell == "." else cell for place, cell in enumerate(cells)]
            namespace, metric, *dimensions = above
            yield namespace, metric, tuple(dimensions[::2]), dimensions[1]


def check(namespace, metric, dimensions, function):
    """That somebody writes this metric with these dimensions."""
    if namespace == OURS:
        assert METRICS[PROGRAMS[function], metric] == dimensions
    else:
        known, names = OF_AWS[namespace]
        assert dimensions == known
        assert metric in names


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_watches_a_metric_that_there_is_and_no_data_is_no_alarm(name):
    alarm = alarms()[name]
    names = tuple(dimension["Name"] for dimension in alarm["Dimensions"])
    check(alarm["Namespace"], alarm["MetricName"], names, alarm["Dimensions"][0]["Value"])
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_every_alarm_is_explained_and_those_of_jobs_go_with_them():
    assert sorted(re.findall(r"^\* \*\*`(\w+Alarm)`:", pages.text(), re.MULTILINE)) == sorted(alarms())
    assert not [name for name in alarms(Jobs="false") if name.startswith(("Job", "Pregenerate"))]


def test_shares_and_slow_reads_need_their_own_thresholds():
    # Errors and sidecar failures are 0 or 1 for each request, and the time used is a percentage.
    for name, alarm in alarms().items():
        statistic = alarm.get("Statistic", alarm.get("ExtendedStatistic"))
        assert alarm["Threshold"] == {"Average": 0.01, "p99": 80}.get(statistic, 1), name


def test_alarms_tell_the_topic_where_there_is_one():
    topic = "arn:aws:sns:eu-central-1:123456789012:on-call"
    assert {tuple(a["AlarmActions"]) for a in alarms(AlarmTopicArn=topic).values()} == {(topic,)}
    assert not any("AlarmActions" in alarm for alarm in alarms().values())


@pytest.mark.parametrize("jobs", ["true", "false"])
@pytest.mark.parametrize("tracker", ["true", "false"])
def test_the_dashboard_draws_metrics_that_there_are(jobs, tracker):
    for drawn in shown(Jobs=jobs, Tracker=tracker):
        check(*drawn)


def test_the_dashboard_draws_every_metric_of_the_functions():
    assert {(PROGRAMS[function], metric) for space, metric, _, function in shown() if space == OURS} == METRICS.keys()


def test_the_dashboard_shows_which_share_of_all_bytes_came_from_peers():
    (widget,) = [widget for widget in dashboard() if SHARE in widget["properties"].get("metrics", [])]
    share, *drawn = widget["properties"]["metrics"]
    assert share == SHARE
    assert {row[-1]["id"]: row[1] for row in drawn} == {"peers": "BytesFromPeers", "all": "BytesDownloaded"}
    assert widget["properties"]["stat"] == "Sum"


def test_the_dashboard_shows_every_alarm_that_there_is():
    data = {"PregenerateBuckets": "data"}
    for given in ({"PregenerateBuckets": ""}, data, {"Jobs": "false"}, {**data, "Tracker": "false"}):
        (widget,) = [widget for widget in dashboard(**given) if widget["type"] == "alarm"]
        assert sorted(widget["properties"]["alarms"]) == sorted(f"<{name}.Arn>" for name in alarms(**given))


def test_the_dashboard_draws_the_api_by_the_name_it_has():
    rendered = cfn.render()["Resources"]
    (api,) = [r["Properties"] for r in rendered.values() if r["Type"] == "AWS::ApiGateway::RestApi"]
    text = rendered["Dashboard"]["Properties"]["DashboardBody"]
    assert "Name" not in api
    assert f'"ApiName", "{api["Body"]["info"]["title"]}", "Stage", "<ApiprodStage>"' in text
    # Dashboards are an account's, for all Regions together.
    assert rendered["Dashboard"]["Properties"]["DashboardName"] == "torrents-eu-central-1"
