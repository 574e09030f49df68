"""The stack itself: made with the defaults, changed, and deleted."""

import json
from pathlib import Path

import clients
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from deployment import Package, Stack
from emulator import ROOT, Emulator
from served import LARGE, OPEN, ask, everyone_may_read, signed

from scripts.stack import metainfo

TEN = [OPEN, *(f"bucket-{number}" for number in range(2, 11))]


@pytest.fixture(scope="module")
def changing(emulator: Emulator, package: Package) -> Stack:
    """A stack of the defaults, which each test changes as it needs it."""
    stack = Stack(emulator, package, "changing")
    stack.deploy(Buckets=OPEN)
    return stack


def trackers(torrent: bytes) -> tuple[str, ...]:
    """The announce URLs."""
    return metainfo.read(torrent).trackers


def test_the_tracker_comes_and_goes(changing: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="tracked", Body=b"content")
    endpoint = changing.endpoint
    changing.deploy(Tracker="true")
    url = changing.outputs["TrackerUrl"]
    assert trackers(ask(changing, folder, "tracked").body) == (url,)
    # What is not given again stays as it is.
    changing.deploy()
    changing.deploy(LogRetentionDays="7")
    assert changing.outputs["TrackerUrl"] == url
    changing.deploy(Tracker="false")
    assert trackers(ask(changing, folder, "tracked").body) == ()
    assert changing.endpoint == endpoint
    assert not [name for name in [*changing.resources, *changing.outputs] if "Tracker" in name]


@pytest.mark.parametrize("action", ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"])
def test_the_trackers_url_needs_both_permissions(changing: Stack, folder: Path, action: str) -> None:
    changing.deploy(Tracker="true")
    assert clients.curl(changing.tracker, folder).status == 200
    function = {"FunctionName": changing.outputs["TrackerFunctionName"]}
    client = changing.emulator.client("lambda")
    policy = json.loads(client.get_policy(**function)["Policy"])
    [permission] = [one["Sid"] for one in policy["Statement"] if one["Action"] == action]
    client.remove_permission(**function, StatementId=permission)
    assert clients.curl(changing.tracker, folder).status == 403
    changing.deploy(Tracker="false")


def test_jobs_go_and_come(changing: Stack, s3: BaseClient, folder: Path) -> None:
    for key in ("by request", "by job"):
        s3.put_object(Bucket=OPEN, Key=key, Body=LARGE)
    endpoint = changing.endpoint
    changing.deploy(Jobs="false", InlineMaxSize="1000000")
    assert ask(changing, folder, "by request").headers["x-torrent-origin"] == "object"
    assert not [name for name in changing.resources if name.startswith(("Job", "Hash", "StateMachine"))]
    changing.deploy(Jobs="true")
    assert ask(changing, folder, "by job").headers["x-torrent-origin"] in {"job", "sidecar"}
    assert changing.endpoint == endpoint


def test_the_api_closes_at_the_same_address(changing: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="closing", Body=b"content")
    url = clients.torrent_url(changing.endpoint, OPEN, "closing", "torrent=")
    assert clients.curl(url, folder).status == 200
    changing.deploy(ApiAuthorizer="AWS_IAM")
    assert [clients.curl(url, folder, *options).status for options in ([], signed(ROOT))] == [403, 200]
    changing.deploy(ApiAuthorizer="NONE")
    assert clients.curl(url, folder).status == 200


def test_the_tenth_bucket_has_what_the_first_has(changing: Stack, s3: BaseClient, folder: Path) -> None:
    s3.create_bucket(Bucket=TEN[-1])
    everyone_may_read(s3, TEN[-1])
    changing.deploy(Buckets=",".join(TEN), Jobs="true", InlineMaxSize="1000000")
    for key, body in {"small": b"content", "large": LARGE}.items():
        s3.put_object(Bucket=TEN[-1], Key=key, Body=body)
        assert ask(changing, folder, key, TEN[-1]).status == 200
        assert ask(changing, folder, key, TEN[-1]).headers["x-torrent-origin"] == "sidecar"
    assert sidecars(changing) == [f"arn:aws:s3:::{bucket}/*.torrent" for bucket in TEN]
    changing.deploy(Buckets=OPEN)
    assert ask(changing, folder, "small", TEN[-1]).status == 403
    assert sidecars(changing) == [f"arn:aws:s3:::{OPEN}/*.torrent"]


def sidecars(stack: Stack) -> list[str]:
    """What the API function may write."""
    iam = stack.emulator.client("iam")
    policy = iam.get_role_policy(RoleName=stack.resources["FunctionRole"], PolicyName="sidecars")
    return policy["PolicyDocument"]["Statement"][0]["Resource"]


@pytest.mark.parametrize("parameters", [{"Buckets": "one, two"}, {"Access": "function-role"}])
def test_what_would_be_wrong_is_refused(changing: Stack, parameters: dict[str, str]) -> None:
    with pytest.raises(ClientError, match=r"bucket names, separated|needs ApiAuthorizer"):
        changing.deploy(**parameters)


def test_alarms_and_dashboard_name_what_there_is(stack: Stack) -> None:
    client = stack.emulator.client("cloudwatch")
    functions = {stack.outputs[name] for name in ("FunctionName", "HashFunctionName", "TrackerFunctionName")}
    body = client.get_dashboard(DashboardName=stack.outputs["DashboardName"])["DashboardBody"]
    assert all(function in body for function in functions)
    widgets = json.loads(body)["widgets"]
    [listed] = [widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm"]
    alarms = client.describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
    assert sorted(listed) == sorted(alarm["AlarmArn"] for alarm in alarms)


def test_deleting_it_leaves_torrents_and_the_accounts_role(
    emulator: Emulator, package: Package, s3: BaseClient, folder: Path
) -> None:
    before = everything(emulator)
    stack = Stack(emulator, package, "deleted")
    stack.deploy(Buckets=OPEN, Tracker="true")
    s3.put_object(Bucket=OPEN, Key="stays", Body=b"content")
    torrent = ask(stack, folder, "stays").body
    url, role = clients.torrent_url(stack.endpoint, OPEN, "stays"), stack.resources["ApiGatewayAccountRole"]
    stack.delete()
    assert everything(emulator) - before == {role}
    assert clients.curl(url, folder).status != 200
    assert s3.get_object(Bucket=OPEN, Key="stays.torrent")["Body"].read() == torrent


def everything(emulator: Emulator) -> set[str]:
    """The names of what stacks of the template are made of."""
    listed = {
        ("iam", "list_roles", "Roles"): "RoleName",
        ("lambda", "list_functions", "Functions"): "FunctionName",
        ("dynamodb", "list_tables", "TableNames"): None,
        ("stepfunctions", "list_state_machines", "stateMachines"): "name",
        ("logs", "describe_log_groups", "logGroups"): "logGroupName",
        ("cloudwatch", "describe_alarms", "MetricAlarms"): "AlarmName",
        ("cloudwatch", "list_dashboards", "DashboardEntries"): "DashboardName",
        ("apigateway", "get_rest_apis", "items"): "id",
    }
    found: set[str] = set()
    for (service, operation, member), name in listed.items():
        for page in emulator.client(service).get_paginator(operation).paginate():
            found |= {one[name] if name else one for one in page[member]}
    return found
