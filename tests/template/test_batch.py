"""S3 Batch Operations: the function that it invokes, and the commands of the docs."""

import json
import re
import shlex

import pages
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from scripts import cloudformation as cfn

GIVEN = {"BatchBucket": "lists"}


def commands():
    """The options of each `aws s3control create-job`."""
    for block in re.findall(r"```\n(aws s3control create-job.*?)```", pages.text(), re.DOTALL):
        words = shlex.split(block.replace("\\\n", " "))[3:]
        words.remove("--no-confirmation-required")
        yield dict(zip(words[::2], words[1::2], strict=True))


def test_the_function_is_one_of_jobs_that_knows_the_state_machine():
    resources = cfn.render(**GIVEN)["Resources"]
    batch, job = (resources[name]["Properties"] for name in ("BatchFunction", "JobFunction"))
    assert (batch["Role"], batch["LoggingConfig"]) == (job["Role"], job["LoggingConfig"])
    variables = {**job["Environment"]["Variables"], "JOB_STATE_MACHINE_ARN": "<JobStateMachine>"}
    assert batch["Environment"]["Variables"] == variables


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
        assert manifest["Spec"]["Format"] in model.shape_for("JobManifestFormat").enum
        assert f"{report['Prefix']}/" == "torrent-batch/"
        assert report["ReportScope"] in model.shape_for("JobReportScope").enum
        manifests.append(manifest["Spec"]["Format"])
    assert manifests == ["S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20161130"]
