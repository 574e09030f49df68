"""The template, packaged as `sam package` does, and deployed."""

import contextlib
import io
import json
import platform
import zipfile
from pathlib import Path

from botocore.exceptions import ClientError
from emulator import Emulator
from samtranslator.yaml_helper import yaml_parse

from scripts.stack import tools
from scripts.stack.errors import StackError

TEMPLATE = tools.ROOT / "template.yaml"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
WAIT = {"Delay": 1, "MaxAttempts": 300}
# The least that starts a job when it is uploaded: less than the template says, as tests upload it.
MIN_SIZE = 8 * 1024**2


def load() -> dict:
    """The template as it is written, with anchors resolved, in which `!Ref x` is `{"Ref": "x"}`."""
    return yaml_parse(TEMPLATE.read_text(encoding="utf-8"))


class Package:
    """What `sam package` uploads: the functions' code, the state machine and the template."""

    def __init__(self, emulator: Emulator, binaries: Path, bucket: str = "sam-artifacts") -> None:
        self._s3 = emulator.client("s3")
        self._bucket = bucket
        self._binaries = binaries
        self._uploads: dict[str, str] = {}
        self._s3.create_bucket(Bucket=bucket)

    def template(self, variables: dict[str, str]) -> str:
        """Uploads the template, with these variables and with uploads in place of local paths, and returns the URL."""
        template = load()
        template["Globals"]["Function"]["Environment"]["Variables"].update(variables)
        rule = template["Resources"]["PregenerateRule"]["Properties"]
        for text in (rule["EventPattern"], rule["Targets"][0]["InputTransformer"]["InputTemplate"]):
            text["Fn::Sub"][1]["MinSize"] = str(MIN_SIZE)
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if "CodeUri" in properties:
                properties["CodeUri"] = self._code(resource["Metadata"]["BuildProperties"]["Binary"])
            if "DefinitionUri" in properties:
                path = tools.ROOT / properties["DefinitionUri"]
                properties["DefinitionUri"] = self._upload(path.name, path.read_bytes())
        self._upload("template.json", json.dumps(template).encode())
        return f"{self._s3.meta.endpoint_url}/{self._bucket}/template.json"

    def _code(self, binary: str) -> str:
        if binary not in self._uploads:
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.write(self._binaries / binary, "bootstrap")
            self._uploads[binary] = self._upload(f"{binary}.zip", content.getvalue())
        return self._uploads[binary]

    def _upload(self, key: str, content: bytes) -> str:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)
        return f"s3://{self._bucket}/{key}"


class Stack:
    """A stack of the template, in which `variables` are edited: those that are no parameters."""

    def __init__(self, emulator: Emulator, package: Package, name: str = "torrents", **variables: str) -> None:
        self.name = name
        self._variables = variables
        self.emulator = emulator
        self._package = package
        self._client = emulator.client("cloudformation")

    def deploy(self, **parameters: str) -> None:
        """Creates or updates the stack. Other parameters keep their values, as with `sam deploy`."""
        kept = self._kept()
        given = parameters if kept else {"Architecture": ARCHITECTURES[platform.machine()], **parameters}
        values = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
        values += [{"ParameterKey": name, "UsePreviousValue": True} for name in kept if name not in given]
        kind = "update" if kept else "create"
        try:
            getattr(self._client, f"{kind}_stack")(
                StackName=self.name,
                TemplateURL=self._package.template(self._variables),
                Parameters=values,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        except ClientError as error:
            if error.response["Error"]["Message"] == "No updates are to be performed.":
                return
            raise
        self._wait(f"stack_{kind}_complete")

    def _kept(self) -> list[str]:
        """The parameters of the stack; none if it is not there."""
        with contextlib.suppress(ClientError):
            [stack] = self._client.describe_stacks(StackName=self.name)["Stacks"]
            return [parameter["ParameterKey"] for parameter in stack["Parameters"]]
        return []

    def delete(self) -> None:
        """Deletes the stack, and waits for its end."""
        self._client.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    @property
    def outputs(self) -> dict[str, str]:
        """By their names."""
        [stack] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    @property
    def resources(self) -> dict[str, str]:
        """The physical ids by their names in the template as SAM translates it."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in summaries}

    @property
    def endpoint(self) -> str:
        """The API, for a client that cannot be told another address for a host name."""
        host, _, stage = self.outputs["Endpoint"].removeprefix("https://").partition("/")
        return f"{self.emulator.endpoint}/_aws/execute-api/{host.partition('.')[0]}/{stage}"

    @property
    def tracker(self) -> str:
        """The announce URL, likewise."""
        host, _, path = self.outputs["TrackerUrl"].removeprefix("https://").partition("/")
        return f"{self.emulator.endpoint}/_aws/lambda-url/{host.partition('.')[0]}/{path}"

    def _wait(self, waiter: str) -> None:
        try:
            self._client.get_waiter(waiter).wait(StackName=self.name, WaiterConfig=WAIT)
        except Exception as error:
            raise StackError(f"{self.name}: {error}\n{self._failures()}") from error

    def _failures(self) -> str:
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
        return "\n".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed)
