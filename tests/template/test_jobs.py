"""The jobs' part of the template: the state machine, its functions, and the docs about them."""

import copy
import json
import re

import pages
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from scripts import cloudformation as cfn
from scripts import docs, lint_asl

# As AWS sets it.
EXPRESS_SECONDS = 300


def definition():
    return json.loads((cfn.ROOT / "statemachine" / "torrent-job.asl.json").read_text(encoding="utf-8"))


def states(machine):
    """All of them, by name, those of children too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def properties(name, **given):
    return cfn.render(**given)["Resources"][name]["Properties"]


def test_a_child_has_time_for_two_tries():
    state = dict(states(definition()))["HashSpan"]
    assert properties("HashFunction")["Timeout"] < state["TimeoutSeconds"]
    assert 2 * state["TimeoutSeconds"] < EXPRESS_SECONDS


def test_the_hash_task_goes_to_the_hash_function_and_all_others_to_the_job_function():
    invoked = {
        name: s["Parameters"]["FunctionName"] for name, s in states(definition()) if "lambda" in s.get("Resource", "")
    }
    assert {name for name, function in invoked.items() if function == "${HashFunctionArn}"} == {"HashSpan"}
    assert set(invoked.values()) == {"${HashFunctionArn}", "${JobFunctionArn}"}
    machine = properties("JobStateMachine")
    assert machine["DefinitionSubstitutions"] == {f"{n}FunctionArn": f"<{n}Function.Arn>" for n in ("Job", "Hash")}
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_the_state_machine_calls_only_what_its_role_grants():
    called = {s["Resource"] for _, s in states(definition()) if "Resource" in s}
    called |= {s["ItemReader"]["Resource"] for _, s in states(definition()) if "ItemReader" in s}
    assert {resource.split(":::")[1] for resource in called} == {"lambda:invoke", "s3:getObject"}


def test_the_definition_and_the_docs_name_failures_of_the_contract():
    failures = set(docs.contract()["failures"])
    named = re.findall(r'"error": "(\w+)"|"Error": "(\w+)"', json.dumps(definition()))
    assert {name for pair in named for name in pair if name} <= failures
    assert failures <= set(re.findall(r"`(\w+)`", pages.text()))


BREAKS = {
    "a misspelt field": lambda s: s["Plan"].update(Nxt="IsAnythingToRead"),
    "an unknown type": lambda s: s["Plan"].update(Type="Tsk"),
    "a child that starts nowhere": lambda s: s["Hash"]["ItemProcessor"].update(StartAt="Nowhere"),
    "a next that is not there": lambda s: s["Plan"].update(Next="Nowhere"),
    "a state out of reach": lambda s: s.update(Island={"Type": "Succeed"}),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_the_lint_finds(fault):
    machine = copy.deepcopy(definition())
    BREAKS[fault](machine["States"])
    assert lint_asl.faults(machine)


def test_without_jobs_there_is_only_the_api():
    rendered = cfn.render(Jobs="false", PregenerateBuckets="data", BatchBucket="lists")
    text = json.dumps(rendered)
    for word in ("JobRole", "HashRole", "StateMachine", "torrent-jobs", "states:", "Pregenerate", "Batch"):
        assert word not in text
    kinds = {resource["Type"].split("::")[1] for resource in rendered["Resources"].values()}
    assert kinds == {"ApiGateway", "CloudWatch", "IAM", "Lambda", "Logs"}


def test_the_lifecycle_rules_are_ones_that_s3_takes():
    (configuration,) = [block for block in pages.json_blocks() if "Rules" in block]
    model = ServiceModel(Loader().load_service_model("s3", "service-2"))
    report = ParamValidator().validate(configuration, model.shape_for("BucketLifecycleConfiguration"))
    assert not report.has_errors(), report.generate_report()
    assert {rule["Filter"]["Prefix"] for rule in configuration["Rules"]} == {"torrent-jobs/"}
    (days,) = [rule["Expiration"]["Days"] for rule in configuration["Rules"] if "Days" in rule["Expiration"]]
    assert days * 86_400 > definition()["TimeoutSeconds"]
