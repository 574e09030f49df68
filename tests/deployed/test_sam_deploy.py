"""The SAM CLI itself, by the commands of docs/OPERATIONS.md and with the rights that it lists."""

import base64
import hashlib
import json
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from deployment import ARCHITECTURES, load
from emulator import Emulator

from scripts.stack import tools
from scripts.stack.roles import ACCOUNT
from scripts.stack.seaweedfs import REGION, Credentials

SAM = tools.ROOT / ".tools" / "lint" / "bin" / "sam"
STACK = "get-object-torrent"
ARCHITECTURE = ARCHITECTURES[platform.machine()]
FIRST = ("--parameter-overrides", "Buckets=data")
BINARIES = ("get-object-torrent", "torrent-job", "torrent-tracker")


class Checkout:
    """A folder with what SAM needs of the repository, known to git, and an operator who works in it."""

    def __init__(self, emulator: Emulator, operator: Credentials, folder: Path) -> None:
        self._emulator = emulator
        self._folder = folder
        self._environment = tools.environment(
            AWS_ENDPOINT_URL=emulator.endpoint,
            AWS_DEFAULT_REGION=REGION,
            SAM_CLI_TELEMETRY="0",
            SAM_CLI_POLL_DELAY="0.2",
            # SAM leaves files behind.
            TMPDIR=str(folder / "target"),
            __SAM_CLI_APP_DIR=str(folder / "target"),
            **operator.environment(),
        )
        for path in ("template.yaml", "samconfig.yaml", ".gitignore", "scripts", "statemachine"):
            copy = shutil.copytree if (tools.ROOT / path).is_dir() else shutil.copy
            copy(tools.ROOT / path, folder / path)
        for binary in BINARIES:
            program = folder / "target" / "release" / binary
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(binary)
        (folder / "target" / "get-object-torrent.cdx.json").touch()
        self._run("git", "init", "--quiet")
        self._run("git", "add", "--all")

    def sam(self, *arguments: str, answers: str = "") -> str:
        """Runs SAM, which fails if it asks for more than there are answers, and returns what it printed."""
        return self._run(str(SAM), *arguments, answers=answers)

    def package(self) -> Path:
        """The files of a release, relative to the checkout."""
        self._run("scripts/package.sh")
        return Path("target", "package")

    def changes(self) -> str:
        """What git would commit now."""
        return self._run("git", "diff", "--name-only") + self._run("git", "ls-files", "--others", "--exclude-standard")

    def digest(self, path: Path) -> str:
        """As Lambda reports a zip's."""
        return base64.b64encode(hashlib.sha256((self._folder / path).read_bytes()).digest()).decode()

    def _run(self, *command: str, answers: str = "") -> str:
        ended = subprocess.run(
            command, cwd=self._folder, env=self._environment, input=answers, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def operator(emulator: Emulator) -> Credentials:
    """A user with the policy that docs/OPERATIONS.md has for whoever deploys."""
    page = (tools.ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    [policy] = re.findall(r"### Who may deploy\n.*?```json\n(.*?)```", page, re.DOTALL)
    user = emulator.user("operator", [])
    emulator.allow("operator", json.loads(policy.replace("ACCOUNT", ACCOUNT)))
    return user


@pytest.fixture
def checkout(emulator: Emulator, operator: Credentials, folder: Path) -> Checkout:
    return Checkout(emulator, operator, folder)


def described(emulator: Emulator, kind: str) -> dict[str, str]:
    """The stack's values of a kind: Parameter or Output."""
    [stack] = emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {one[f"{kind}Key"]: one[f"{kind}Value"] for one in stack[f"{kind}s"]}


def digests(emulator: Emulator) -> set[str]:
    functions = emulator.client("lambda").list_functions()["Functions"]
    return {one["CodeSha256"] for one in functions if one["FunctionName"].startswith(STACK)}


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


def test_a_stack_keeps_its_parameters_until_they_are_named_again(emulator: Emulator, checkout: Checkout) -> None:
    before = everything(emulator)
    checkout.sam("deploy", *FIRST)
    defaults = {name: str(one.get("Default")) for name, one in load()["Parameters"].items()}
    assert described(emulator, "Parameter") == {**defaults, "Buckets": "data"}

    # A release, and parameters changed by the same command.
    release = checkout.package()
    template = ("--template-file", str(release / f"template-{ARCHITECTURE}.yaml"))
    changed = {"Architecture": ARCHITECTURE, "Tracker": "true", "ReservedConcurrency": "20"}
    checkout.sam("deploy", *template, "--parameter-overrides", *(f"{name}={value}" for name, value in changed.items()))
    assert described(emulator, "Parameter") == {**defaults, "Buckets": "data", **changed}
    assert digests(emulator) == {checkout.digest(release / f"{name}-{ARCHITECTURE}.zip") for name in BINARIES}
    url = described(emulator, "Output")["TrackerUrl"]

    # Back to the version before.
    checkout.sam("deploy")
    assert described(emulator, "Parameter") == {**defaults, "Buckets": "data", **changed}
    assert described(emulator, "Output")["TrackerUrl"] == url
    assert checkout.changes() == ""

    checkout.sam("delete", "--no-prompts")
    [left] = everything(emulator) - before
    assert left.startswith(f"{STACK}-ApiGatewayAccountRole")


def test_enter_at_every_question_deploys_and_changes_no_file_of_git(emulator: Emulator, checkout: Checkout) -> None:
    output = checkout.sam("deploy", "--guided", *FIRST, answers="\n" * 100)
    assert "Save arguments to configuration file" in output
    assert described(emulator, "Parameter")["Buckets"] == "data"
    assert checkout.changes() == ""
