"""The tracker's part of the template: a function with a URL, and a table of torrents and their peers."""

import json
import re

import pytest

from scripts import cloudformation as cfn

ON = {"Tracker": "true"}


def resources(**given):
    return cfn.render(**{**ON, **given})["Resources"]


def properties(name="TrackerFunction", **given):
    return resources(**given)[name]["Properties"]


def test_anyone_may_call_it_by_its_url_and_in_no_other_way():
    of_tracker = {"FunctionName": "<TrackerFunction>", "Principal": "*"}
    assert properties("TrackerFunctionUrl") == {"TargetFunctionArn": "<TrackerFunction>", "AuthType": "NONE"}
    permissions = {n: r["Properties"] for n, r in resources().items() if r["Type"] == "AWS::Lambda::Permission"}
    # AWS has asked for both since October 2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    # SAM's FunctionUrlConfig gives these names. Another name would make CloudFormation replace what a stack has.
    by_url = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}
    via_url = {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}
    assert {name: one for name, one in permissions.items() if one["FunctionName"] == "<TrackerFunction>"} == {
        "TrackerFunctionUrlPublicPermissions": {**by_url, **of_tracker},
        "TrackerFunctionURLInvokeAllowPublicAccess": {**via_url, **of_tracker},
    }


def test_the_table_is_paid_by_use_up_to_a_limit_and_goes_with_the_stack():
    # An announce pays for no trace.
    assert properties()["TracingConfig"] == {"Mode": "PassThrough"}
    table = resources(TrackerTableUnits="50")["TrackerTable"]
    assert set(table["Properties"]["OnDemandThroughput"].values()) == {"50"}
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Delete"


@pytest.mark.parametrize("jobs", ["true", "false"])
def test_there_is_nothing_of_it_unless_asked(jobs):
    rendered = cfn.render(Jobs=jobs, BatchBucket="lists")
    for part in ("Resources", "Outputs"):
        added = cfn.render(Jobs=jobs, BatchBucket="lists", **ON)[part].keys() - rendered[part].keys()
        assert added and all(name.startswith("Tracker") for name in added)
    of_functions = [r for r in rendered["Resources"].values() if "Environment" in r.get("Properties", {})]
    variables = [resource["Properties"].pop("Environment")["Variables"] for resource in of_functions]
    assert variables and all(one["TRACKER_URL"] == one["TRACKER_TABLE"] == "" for one in variables)
    assert not re.search("tracker|dynamodb", json.dumps(rendered), re.IGNORECASE)
