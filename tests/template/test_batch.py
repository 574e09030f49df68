"""S3 Batch Operations: the function that it invokes, the role that it takes, and the commands in the docs."""

import json
import re
import shlex

import cloudformation as cfn
import pytest
import rights
import test_jobs
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

GIVEN = {"BatchBucket": "lists"}


def resource(name, **given):
    return cfn.render(**{**GIVEN, **given})["Resources"][name]["Properties"]


def commands():
    """The options of each `aws s3control create-job`."""
    page = test_jobs.source("docs", "EXISTING-OBJECTS.md")
    blocks = re.findall(r"```\n(aws s3control create-job.*?)```", page, re.DOTALL)
    for block in blocks:
        words = shlex.split(block.replace("\\\n", " "))[3:]
        words.remove("--no-confirmation-required")
        yield dict(zip(words[::2], words[1::2], strict=True))


def test_the_function_is_one_of_jobs_that_knows_the_state_machine():
    batch, job = resource("BatchFunction"), resource("JobFunction")
    for shared in ("Runtime", "Handler", "Architectures", "TracingConfig", "Role", "LoggingConfig"):
        assert batch[shared] == job[shared]
    variables = {**job["Environment"]["Variables"], "JOB_STATE_MACHINE_ARN": "<JobStateMachine>"}
    assert batch["Environment"]["Variables"] == variables
    written = cfn.load()["Resources"]["BatchFunction"]
    assert written["Metadata"] == test_jobs.BUILD and written["Properties"]["CodeUri"] == "."


def test_the_role_invokes_that_function_reads_its_bucket_and_writes_reports():
    assert rights.grants("BatchRole", "lambda", **GIVEN) == {("lambda:InvokeFunction", "<BatchFunction.Arn>")}
    assert rights.grants("BatchRole", **GIVEN) == {
        ("s3:GetObject", "arn:aws:s3:::lists/*"),
        ("s3:GetObjectVersion", "arn:aws:s3:::lists/*"),
        ("s3:PutObject", "arn:aws:s3:::lists/torrent-batch/*"),
    }
    assert rights.services("BatchRole", **GIVEN) == {"lambda", "s3"}


@pytest.mark.parametrize("given", [{}, {"BatchBucket": "lists", "Jobs": "false"}])
def test_there_is_nothing_for_batches_unless_asked_and_there_are_jobs(given):
    rendered = cfn.render(**given)
    assert not [name for part in rendered.values() for name in part if name.startswith("Batch")]


def test_the_outputs_name_what_a_command_needs():
    outputs = {name: output["Value"] for name, output in cfn.render(**GIVEN)["Outputs"].items()}
    assert outputs["BatchFunctionArn"] == "<BatchFunction.Arn>"
    assert outputs["BatchRoleArn"] == "<BatchRole.Arn>"


def test_the_commands_are_ones_that_s3_takes_and_the_role_may_do():
    model = ServiceModel(Loader().load_service_model("s3control", "service-2"))
    manifests = []
    for options in commands():
        manifest, report = json.loads(options["--manifest"]), json.loads(options["--report"])
        request = {
            "AccountId": options["--account-id"],
            "Operation": json.loads(options["--operation"]),
            "Manifest": manifest,
            "Report": report,
            "Priority": int(options["--priority"]),
            "RoleArn": options["--role-arn"],
            "ClientRequestToken": "token",
        }
        faults = ParamValidator().validate(request, model.shape_for("CreateJobRequest"))
        assert not faults.has_errors(), faults.generate_report()
        formats = model.shape_for("JobManifestFormat").enum
        assert manifest["Spec"]["Format"] in formats
        assert f"{report['Prefix']}/" == "torrent-batch/"
        assert report["ReportScope"] in model.shape_for("JobReportScope").enum
        manifests.append(manifest["Spec"]["Format"])
    assert manifests == ["S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20161130"]
