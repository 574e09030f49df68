"""The tracker's part of the template: a function with a URL, and a table of torrents and their peers."""

import json
import re

import cloudformation as cfn
import pytest
import rights
import rust_source
import test_jobs
from botocore import xform_name
from botocore.loaders import Loader
from test_rights import API, FUNCTION_ROLES, HASH, JOB, TRACKER
from test_template import FUNCTIONS, environment

ON = {"Tracker": "true"}

TABLE = "<TrackerTable.Arn>"


def resources(**given):
    return cfn.render(**{**ON, **given})["Resources"]


def properties(name="TrackerFunction", **given):
    return resources(**given)[name]["Properties"]


# The function


def test_it_runs_its_own_binary_like_the_api_function():
    tracker, api = properties(Architecture="x86_64"), properties("ApiFunction", Architecture="x86_64")
    for shared in ("Runtime", "Handler", "Architectures"):
        assert tracker[shared] == api[shared]
    build = {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": "torrent-tracker"}}
    assert cfn.load()["Resources"]["TrackerFunction"]["Metadata"] == build
    assert (cfn.ROOT / "src" / "bin" / "torrent-tracker.rs").exists()


def test_it_knows_its_table_and_nothing_of_the_other_functions():
    # Their environment has this function's URL, so they are made after it.
    assert properties()["Environment"]["Variables"] == {"TRACKER_TABLE": "<TrackerTable>", "RUST_LOG": "info"}


def test_an_announce_pays_for_no_trace_and_no_line_of_lambdas_own():
    assert properties()["TracingConfig"] == {"Mode": "PassThrough"}
    api = properties("ApiFunction")["LoggingConfig"]
    own = {"LogGroup": "<TrackerFunctionLogGroup>", "SystemLogLevel": "WARN"}
    assert properties()["LoggingConfig"] == {**api, **own}
    assert properties("TrackerFunctionLogGroup", LogRetentionDays="7")["RetentionInDays"] == "7"


@pytest.mark.parametrize(("given", "reserved"), [("-1", None), ("0", "0"), ("10", "10")])
def test_its_concurrency_is_reserved_on_request(given, reserved):
    assert properties(TrackerReservedConcurrency=given).get("ReservedConcurrentExecutions") == reserved
    assert "ReservedConcurrentExecutions" not in properties("ApiFunction", TrackerReservedConcurrency=given)


def test_anyone_may_call_it_by_its_url_and_in_no_other_way():
    of_tracker = {"FunctionName": "<TrackerFunction>", "Principal": "*"}
    assert properties("TrackerFunctionUrl") == {"TargetFunctionArn": "<TrackerFunction>", "AuthType": "NONE"}
    permissions = {n: r["Properties"] for n, r in resources().items() if r["Type"] == "AWS::Lambda::Permission"}
    found = {
        n: permission for n, permission in permissions.items() if permission["FunctionName"] == "<TrackerFunction>"
    }
    # AWS has asked for both since October 2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    # SAM's FunctionUrlConfig gives these names. Another name would make CloudFormation replace what a stack has.
    assert found == {
        "TrackerFunctionUrlPublicPermissions": {
            "Action": "lambda:InvokeFunctionUrl",
            "FunctionUrlAuthType": "NONE",
            **of_tracker,
        },
        "TrackerFunctionURLInvokeAllowPublicAccess": {
            "Action": "lambda:InvokeFunction",
            "InvokedViaFunctionUrl": True,
            **of_tracker,
        },
    }


@pytest.mark.parametrize("name", [*FUNCTIONS, "BatchFunction"])
def test_what_makes_torrents_learns_the_announce_url_and_the_table(name):
    found = environment(name, **ON, BatchBucket="lists")
    assert found["TRACKER_URL"] == "<TrackerFunctionUrl.FunctionUrl>announce"
    assert found["TRACKER_TABLE"] == "<TrackerTable>"


# The table


def test_the_table_has_the_keys_that_the_code_uses():
    names = dict(re.findall(r'const (\w+): &str = "(\w+)";', test_jobs.source("src", "table", "mod.rs")))
    table = properties("TrackerTable")
    key = [names["TORRENT"], names["PEER"]]
    assert table["KeySchema"] == [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(key, ("HASH", "RANGE"), strict=True)
    ]
    assert table["AttributeDefinitions"] == [{"AttributeName": name, "AttributeType": "B"} for name in key]
    assert table["TimeToLiveSpecification"] == {"AttributeName": names["EXPIRES"], "Enabled": True}


def test_the_table_is_paid_by_use_up_to_a_limit():
    table = properties("TrackerTable", TrackerTableUnits="50")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": "50", "MaxWriteRequestUnits": "50"}


def test_the_table_goes_with_the_stack():
    table = resources()["TrackerTable"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Delete"


# Rights


def test_the_tracker_reads_and_writes_its_table_and_its_log():
    actions = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
    log = "<TrackerFunctionLogGroup.Arn>"
    assert rights.grants(TRACKER, "dynamodb", **ON) == {(f"dynamodb:{action}", TABLE) for action in actions}
    assert rights.grants(TRACKER, "logs", **ON) == {("logs:CreateLogStream", log), ("logs:PutLogEvents", log)}
    assert rights.services(TRACKER, **ON) == {"dynamodb", "logs"}


@pytest.mark.parametrize("role", [API, JOB])
def test_what_makes_torrents_may_put_marks_and_no_peers(role):
    (statement,) = [s for s in rights.statements(role, **ON) if "dynamodb:PutItem" in s["Action"]]
    assert rights.grants(role, "dynamodb", **ON) == {("dynamodb:PutItem", TABLE)}
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["torrent", "peer", "length"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"},
    }


def test_what_hashes_has_no_right_on_the_table():
    assert not rights.grants(HASH, "dynamodb", **ON)


@pytest.mark.parametrize(("role", "files"), [(API, ["table/registry.rs"]), (TRACKER, ["table/*.rs"])])
def test_a_role_grants_the_calls_of_the_code_and_no_other(role, files):
    model = Loader().load_service_model("dynamodb", "service-2")
    operations = {xform_name(name): name for name in model["operations"]}
    called = {f"dynamodb:{operations[call]}" for call in rust_source.calls(operations.keys(), *files)}
    assert {action for action, _ in rights.grants(role, "dynamodb", **ON)} == called


# Alarms and outputs


def test_alarms_watch_the_function_and_its_table():
    found = {name: r["Properties"] for name, r in resources().items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    watched = {n: test_jobs.metric(alarm)[:2] for n, alarm in found.items() if n.startswith("Tracker")}
    assert watched == {
        "TrackerFailedAlarm": ("AWS/Lambda", "Errors"),
        "TrackerThrottledAlarm": ("AWS/Lambda", "Throttles"),
        "TrackerTableAlarm": (rust_source.namespace(), "TableFailures"),
    }
    assert all(test_jobs.metric(found[name])[2:] == ("FunctionName", "<TrackerFunction>") for name in watched)


def test_the_outputs_name_what_an_operator_looks_for():
    outputs = {name: output["Value"] for name, output in cfn.render(**ON)["Outputs"].items()}
    assert outputs["TrackerUrl"] == "<TrackerFunctionUrl.FunctionUrl>announce"
    assert outputs["TrackerTableName"] == "<TrackerTable>"
    assert outputs["TrackerFunctionName"] == "<TrackerFunction>"
    assert outputs["TrackerFunctionLogGroupName"] == "<TrackerFunctionLogGroup>"


# Without it


@pytest.mark.parametrize("jobs", ["true", "false"])
def test_there_is_nothing_of_it_unless_asked(jobs):
    given = {"Jobs": jobs, "BatchBucket": "lists"}
    rendered = cfn.render(**given)
    for part in ("Resources", "Outputs"):
        added = cfn.render(**given, **ON)[part].keys() - rendered[part].keys()
        assert added and all(name.startswith("Tracker") for name in added)
        assert not [name for name in rendered[part] if name.startswith("Tracker")]
    variables = [r["Properties"].pop("Environment")["Variables"] for r in with_environment(rendered)]
    assert variables and all(v["TRACKER_URL"] == v["TRACKER_TABLE"] == "" for v in variables)
    assert not re.search("tracker|dynamodb", json.dumps(rendered), re.IGNORECASE)
    assert all(not rights.grants(role, "dynamodb") for role in FUNCTION_ROLES)


def with_environment(rendered):
    return [r for r in rendered["Resources"].values() if "Environment" in r.get("Properties", {})]
