"""Alarms and the dashboard: every metric they name is one that src/metrics.rs writes, or that AWS itself does."""

import json
import re

import cloudformation as cfn
import pytest
import rust_source
import test_jobs

API, TRACKER = "<ApiFunction>", "<TrackerFunction>"

# Which function writes which table of src/metrics.rs.
TABLES = {API: "REQUEST", "<JobFunction>": "TASK", "<HashFunction>": "TASK", TRACKER: "TRACKER"}

OURS = rust_source.namespace()

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
    return json.loads(
        cfn.render(**{"Tracker": "true", **given})["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    )["widgets"]


def shown(**given):
    """Namespace, metric, dimensions and the function of all that the dashboard draws."""
    rows = [row for widget in dashboard(**given) for row in widget["properties"].get("metrics", [])]
    for row in rows:
        if row == SHARE:
            continue
        if isinstance(row[0], dict):
            names, metric, function, _ = SEARCH.fullmatch(row[0]["expression"]).groups()
            namespace, *dimensions = names.split(",")
            yield namespace, metric, tuple(dimensions), function
        else:
            namespace, metric, *dimensions = [cell for cell in row if isinstance(cell, str)]
            yield namespace, metric, tuple(dimensions[::2]), dimensions[1]


def check(namespace, metric, dimensions, function):
    """That somebody writes this metric with these dimensions."""
    if namespace == OURS:
        assert rust_source.metrics(TABLES[function])[metric][0] == dimensions
    else:
        known, names = OF_AWS[namespace]
        assert dimensions == known
        assert metric in names


# Alarms


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_watches_a_metric_that_there_is(name):
    alarm = alarms()[name]
    dimensions = tuple(dimension["Name"] for dimension in alarm["Dimensions"])
    check(alarm["Namespace"], alarm["MetricName"], dimensions, alarm["Dimensions"][0]["Value"])


def test_the_api_is_watched_for_errors_crashes_throttles_slowness_and_its_cache():
    of_api = {name: alarm for name, alarm in alarms().items() if alarm["Dimensions"][0]["Value"] == API}
    said = {
        name: (a["Namespace"], a["MetricName"], a.get("Statistic", a.get("ExtendedStatistic")), a["Threshold"])
        for name, a in of_api.items()
    }
    assert said == {
        "ApiErrorsAlarm": (OURS, "Errors", "Average", 0.01),
        "ApiFailedAlarm": ("AWS/Lambda", "Errors", "Sum", 1),
        "ApiThrottledAlarm": ("AWS/Lambda", "Throttles", "Sum", 1),
        "ApiSlowAlarm": (OURS, "TimeUsed", "p99", 80),
        "SidecarFailuresAlarm": (OURS, "SidecarFailures", "Average", 0.01),
    }
    assert {name for name, alarm in of_api.items() if alarm["EvaluationPeriods"] == 1} == {"ApiFailedAlarm"}


def test_no_data_is_no_alarm():
    for alarm in alarms().values():
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_alarms_tell_the_topic_where_there_is_one():
    topic = "arn:aws:sns:eu-central-1:123456789012:on-call"
    assert {tuple(a["AlarmActions"]) for a in alarms(AlarmTopicArn=topic).values()} == {(topic,)}
    assert not any("AlarmActions" in alarm for alarm in alarms().values())


def test_without_jobs_the_api_is_watched_all_the_same():
    assert list(alarms(Jobs="false")) == [
        name for name in alarms() if name not in test_jobs.alarms(PregenerateBuckets="data")
    ]


# The dashboard


@pytest.mark.parametrize("jobs", ["true", "false"])
@pytest.mark.parametrize("tracker", ["true", "false"])
def test_the_dashboard_draws_metrics_that_there_are(jobs, tracker):
    for drawn in shown(Jobs=jobs, Tracker=tracker):
        check(*drawn)


def test_the_dashboard_draws_every_metric_of_the_functions():
    drawn = {(metric, TABLES[function]) for namespace, metric, _, function in shown() if namespace == OURS}
    assert drawn == {(metric, table) for table in TABLES.values() for metric in rust_source.metrics(table)}


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
        assert widget["properties"]["alarms"] == [f"<{name}.Arn>" for name in alarms(**given)]


def test_the_dashboard_draws_the_api_by_the_name_it_has():
    rendered = cfn.render()["Resources"]
    (api,) = [r["Properties"] for r in rendered.values() if r["Type"] == "AWS::ApiGateway::RestApi"]
    text = rendered["Dashboard"]["Properties"]["DashboardBody"]
    assert "Name" not in api
    assert f'"ApiName", "{api["Body"]["info"]["title"]}", "Stage", "<ApiprodStage>"' in text


@pytest.mark.parametrize("jobs", ["true", "false"])
def test_no_widget_lies_on_another_or_beyond_the_edge(jobs):
    taken = set()
    for widget in dashboard(Jobs=jobs):
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert columns.stop <= 24 and not taken & cells, widget["properties"]["title"]
        taken |= cells


def test_two_stacks_do_not_share_a_dashboard():
    # Dashboards are an account's, for all Regions together.
    assert cfn.render()["Resources"]["Dashboard"]["Properties"]["DashboardName"] == "torrents-eu-central-1"


# docs/OPERATIONS.md


def operations():
    return test_jobs.source("docs", "OPERATIONS.md")


def test_every_alarm_is_explained():
    assert re.findall(r"^\| `(\w+Alarm)` \|", operations(), re.MULTILINE) == list(alarms())


@pytest.mark.parametrize("table", ["REQUEST", "TASK", "TRACKER"])
def test_every_metric_is_explained_with_its_dimensions_and_unit(table):
    for name, (dimensions, unit) in rust_source.metrics(table).items():
        by = ", ".join(f"`{dimension}`" for dimension in dimensions)
        assert re.search(rf"^\| `{name}` \| {by} \| {unit} \|", operations(), re.MULTILINE), name
