"""The jobs' part of the template: two functions of one binary, the state machine, and what they make known."""

import copy
import json
import re

import cloudformation as cfn
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from scripts import lint_asl

BUILD = {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": "torrent-job"}}

# As AWS sets it.
EXPRESS_SECONDS = 300

MEMORY = {"JobFunction": 512, "HashFunction": "1024"}


def source(*path):
    return cfn.ROOT.joinpath(*path).read_text(encoding="utf-8")


def definition():
    return json.loads(source("statemachine", "torrent-job.asl.json"))


def states(machine):
    """All of them, by name, those of children too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def properties(name, **given):
    return cfn.render(**given)["Resources"][name]["Properties"]


# The functions


@pytest.mark.parametrize("name", ["JobFunction", "HashFunction"])
def test_both_run_the_binary_of_jobs_like_the_api_function(name):
    function, api = properties(name, Architecture="x86_64"), properties("ApiFunction", Architecture="x86_64")
    for shared in ("Runtime", "Handler", "Architectures", "TracingConfig"):
        assert function[shared] == api[shared]
    prefix = name.removesuffix("Function")
    assert function["LoggingConfig"] == {**api["LoggingConfig"], "LogGroup": f"<{name}LogGroup>"}
    assert function["Role"] == f"<{prefix}Role.Arn>"
    assert function["MemorySize"] == MEMORY[name]
    assert (cfn.ROOT / "src" / "bin" / "torrent-job.rs").exists()


def test_sam_builds_the_binary_once_for_both():
    # SAM's builds are one where CodeUri, Metadata, runtime and architecture are the same.
    first, second = (cfn.load()["Resources"][name] for name in ("JobFunction", "HashFunction"))
    assert first["Metadata"] == second["Metadata"] == BUILD
    assert first["Properties"]["CodeUri"] == second["Properties"]["CodeUri"] == "."
    assert not {"Runtime", "Architectures", "Handler"} & (first["Properties"].keys() | second["Properties"].keys())


@pytest.mark.parametrize(("given", "reserved"), [("-1", None), ("0", "0"), ("500", "500")])
def test_the_fuse_bounds_the_children_of_all_jobs(given, reserved):
    assert properties("HashFunction", HashReservedConcurrency=given).get("ReservedConcurrentExecutions") == reserved
    assert "ReservedConcurrentExecutions" not in properties("JobFunction", HashReservedConcurrency=given)


def test_a_child_has_time_for_two_tries():
    state = dict(states(definition()))["HashSpan"]
    limit = properties("HashFunction")["Timeout"]
    assert limit < state["TimeoutSeconds"]
    assert 2 * state["TimeoutSeconds"] < EXPRESS_SECONDS


def test_the_memory_of_what_hashes_is_a_parameter():
    assert properties("HashFunction", HashMemorySize="1769")["MemorySize"] == "1769"


# The state machine


def test_the_state_machine_is_the_file_with_both_functions_put_in():
    machine = properties("JobStateMachine")
    assert machine["StateMachineType"] == "STANDARD"
    assert machine["RoleArn"] == "<StateMachineRole.Arn>"
    assert machine["DefinitionSubstitutions"] == {
        "JobFunctionArn": "<JobFunction.Arn>",
        "HashFunctionArn": "<HashFunction.Arn>",
    }
    path = cfn.load()["Resources"]["JobStateMachine"]["Properties"]["DefinitionUri"]
    assert set(re.findall(r"\$\{([^}]*)\}", source(path))) == machine["DefinitionSubstitutions"].keys()


def test_the_hash_task_goes_to_the_hash_function_and_all_others_to_the_job_function():
    invoked = {
        name: s["Parameters"]["FunctionName"] for name, s in states(definition()) if "lambda" in s.get("Resource", "")
    }
    assert {name for name, function in invoked.items() if function == "${HashFunctionArn}"} == {"HashSpan"}
    assert set(invoked.values()) == {"${HashFunctionArn}", "${JobFunctionArn}"}


def test_the_state_machine_calls_only_what_its_role_grants():
    called = {s["Resource"] for _, s in states(definition()) if "Resource" in s}
    called |= {s["ItemReader"]["Resource"] for _, s in states(definition()) if "ItemReader" in s}
    assert {resource.split(":::")[1] for resource in called} == {
        "lambda:invoke",
        "s3:getObject",
    }


def test_the_state_machine_logs_errors_without_data_and_traces():
    machine = properties("JobStateMachine")
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"] == {
        "Level": "ERROR",
        "IncludeExecutionData": False,
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": "<StateMachineLogGroup.Arn>"}}],
    }
    assert properties("StateMachineLogGroup")["LogGroupName"] == "/aws/vendedlogs/states/torrents"


def test_roles_and_code_agree_where_fragments_lie():
    (folder,) = re.findall(r'format!\("\{\}([a-z-]+/)", self.prefix\)', source("src", "object", "sidecar_location.rs"))
    assert set(re.findall(r"\$\{SidecarPrefix\}([a-z-]+/)", source("template.yaml"))) == {folder}
    assert "items.json" in source("src", "jobs", "fragments", "mod.rs")


def test_the_definition_passes_the_lint():
    assert lint_asl.faults(definition()) == []


def broken_definitions():
    def broken(change):
        machine = copy.deepcopy(definition())
        change(machine["States"])
        return machine

    return {
        "a misspelt field": broken(lambda s: s["Plan"].update(Nxt="IsAnythingToRead")),
        "an unknown type": broken(lambda s: s["Plan"].update(Type="Tsk")),
        "a text for a number": broken(lambda s: s["Clean"]["Retry"][0].update(MaxAttempts="three")),
        "a child that starts nowhere": broken(lambda s: s["Hash"]["ItemProcessor"].update(StartAt="Nowhere")),
        "a next that is not there": broken(lambda s: s["Plan"].update(Next="Nowhere")),
        "a default that is not there": broken(lambda s: s["IsAnythingToRead"].update(Default="Nowhere")),
        "a choice that is not there": broken(lambda s: s["IsAnythingToRead"]["Choices"][0].update(Next="Nowhere")),
        "a catch that is not there": broken(lambda s: s["Hash"]["Catch"][0].update(Next="Nowhere")),
        "a state out of reach": broken(lambda s: s.update(Island={"Type": "Succeed"})),
    }


@pytest.mark.parametrize("fault", broken_definitions())
def test_the_lint_finds(fault):
    assert lint_asl.faults(broken_definitions()[fault])


# Alarms and outputs


def alarms(**given):
    """Those of jobs."""
    resources = cfn.render(**given)["Resources"]
    found = {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    return {name: alarm for name, alarm in found.items() if name.startswith(("Job", "Pregenerate"))}


def metric(alarm):
    (dimension,) = alarm["Dimensions"]
    return (alarm["Namespace"], alarm["MetricName"], dimension["Name"], dimension["Value"])


def test_alarms_watch_the_state_machine_and_the_events():
    machine = ("StateMachineArn", "<JobStateMachine>")
    assert {name: metric(alarm) for name, alarm in alarms(PregenerateBuckets="data").items()} == {
        "JobFailedAlarm": ("AWS/States", "ExecutionsFailed", *machine),
        "JobTimedOutAlarm": ("AWS/States", "ExecutionsTimedOut", *machine),
        "JobAbortedAlarm": ("AWS/States", "ExecutionsAborted", *machine),
        "JobThrottledAlarm": ("AWS/States", "ExecutionThrottled", *machine),
        "PregenerateLostAlarm": (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            "QueueName",
            "<PregenerateQueue.QueueName>",
        ),
    }


def test_one_is_enough_and_no_data_is_no_alarm():
    for alarm in alarms(PregenerateBuckets="data").values():
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
        assert alarm["TreatMissingData"] == "notBreaching"


def test_without_jobs_there_is_only_the_api():
    rendered = cfn.render(Jobs="false", PregenerateBuckets="data")
    kinds = {resource["Type"] for resource in rendered["Resources"].values()}
    assert kinds == {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
    }
    text = json.dumps(rendered)
    for word in ("JobRole", "HashRole", "JobStateMachine", "StateMachineRole", "torrent-jobs", "states:"):
        assert word not in text
    assert rendered["Outputs"].keys() == {
        "AccessLogGroupName",
        "Command",
        "DashboardName",
        "Endpoint",
        "FunctionLogGroupName",
        "FunctionName",
    }


def test_the_outputs_name_the_jobs_parts():
    outputs = {name: output["Value"] for name, output in cfn.render(PregenerateBuckets="data")["Outputs"].items()}
    assert outputs["JobStateMachineArn"] == "<JobStateMachine>"
    assert outputs["JobFunctionLogGroupName"] == "<JobFunctionLogGroup>"
    assert outputs["HashFunctionLogGroupName"] == "<HashFunctionLogGroup>"
    assert outputs["HashFunctionName"] == "<HashFunction>"
    assert outputs["PregenerateQueueUrl"] == "<PregenerateQueue>"


# docs/OPERATIONS.md and docs/EXISTING-OBJECTS.md


def test_every_parameter_is_in_the_operations_or_the_readme():
    documented = "".join(re.findall(r"^\| `.*", source("docs", "OPERATIONS.md"), re.MULTILINE))
    variables = re.findall(r"`([A-Z_]+)`", "".join(re.findall(r"^\| `.*", source("README.md"), re.MULTILINE)))
    of_variables = {"".join(word.capitalize() for word in name.split("_")) for name in variables}
    named = set(re.findall(r"`([A-Z]\w+)`", documented)) | of_variables
    assert cfn.load()["Parameters"].keys() - named == {"Architecture", "ApiAuthorizer"}


def json_blocks():
    pages = source("docs", "OPERATIONS.md") + source("docs", "EXISTING-OBJECTS.md")
    return map(json.loads, re.findall(r"```json\n(.*?)```", pages, re.DOTALL))


def test_the_lifecycle_rules_are_ones_that_s3_takes():
    (configuration,) = [block for block in json_blocks() if "Rules" in block]
    model = ServiceModel(Loader().load_service_model("s3", "service-2"))
    report = ParamValidator().validate(configuration, model.shape_for("BucketLifecycleConfiguration"))
    assert not report.has_errors(), report.generate_report()
    assert {rule["Filter"]["Prefix"] for rule in configuration["Rules"]} == {"torrent-jobs/"}
    (days,) = [rule["Expiration"]["Days"] for rule in configuration["Rules"] if "Days" in rule["Expiration"]]
    assert days * 86_400 > definition()["TimeoutSeconds"]
