"""Writes tables of facts into the pages: between `<!-- contract:NAME -->` and `<!-- /contract -->`.

They come from the program's contract, from the template, and from the model of swarms. `make docs` writes them, and
with --check, as `make lint` calls it, this only says which page is out of date.
"""

import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

from benches import swarm_model
from scripts import cloudformation as cfn

PAGES = [cfn.ROOT / "README.md", *sorted((cfn.ROOT / "docs").glob("*.md"))]
TABLE = re.compile(r"(<!-- contract:([\w:-]+) -->\n).*?(<!-- /contract -->)", re.DOTALL)
ROLES = {
    "FunctionRole": "API",
    "JobRole": "Job",
    "HashRole": "Hash",
    "StateMachineRole": "States",
    "TrackerRole": "Tracker",
}
CONDITIONS = {
    "ReadsWithRole": "`Access=function-role`",
    "ListsWithRole": "`Access=function-role`, `Collections=true`",
    "ListsParts": "`PartChecksums=true`",
    "HasJobs": "`Jobs=true`",
    "HasTracker": "`Tracker=true`",
    "ReadsMarks": "`EnoughSpeed`",
}
MOST_ACTIONS = 5
EVERYTHING = {
    "Buckets": "BUCKET",
    "Access": "function-role",
    "BatchBucket": "BATCHBUCKET",
    "PregenerateBuckets": "BUCKET",
    "Tracker": "true",
    "EnoughSpeed": "1",
}


@functools.cache
def contract() -> dict:
    """What the program promises."""
    # With the features that `cargo test --workspace` builds, so that no dependency is built twice.
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--examples"]
    subprocess.run(build, cwd=cfn.ROOT, check=True)
    program = cfn.ROOT / "target" / "debug" / "examples" / "contract"
    return json.loads(subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout)


def parameter(variable: str) -> str:
    """MAX_OBJECT_SIZE is set by MaxObjectSize, if that is a parameter of the template."""
    return "".join(word.capitalize() for word in variable.split("_"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines).replace("|  |", "| |").replace("|  |", "| |")


def variables(contract: dict) -> str:
    parameters = cfn.load()["Parameters"]
    rows = []
    for one in contract["variables"]:
        note = "" if parameter(one["name"]) in parameters else " (1)"
        default = f"`{one['default']}`" if one["default"] != "" else ""
        bounds = "" if one["min"] is None else f" {one['min']:,} to {one['max']:,}."
        rows.append([f"`{one['name']}`{note}", default, one["sentence"] + bounds])
    return table(["variable", "default", "meaning"], rows)


def metrics(contract: dict, program: str) -> str:
    rows = [
        [f"`{one['name']}`", ", ".join(f"`{name}`" for name in one["dimensions"]), one["unit"], one["sentence"]]
        for one in contract["metrics"]
        if one["program"] == program
    ]
    return table(["metric", "dimensions", "unit", "meaning"], rows)


def statements() -> Iterator[tuple[str, str, dict]]:
    """Each with the role that has it, and when the role has it."""
    for name, resource in cfn.render(**EVERYTHING)["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Role":
            policies, roles, when = properties.get("Policies", []), [name], ""
        elif resource["Type"] == "AWS::IAM::Policy":
            policies, roles = [properties], [role.strip("<>") for role in properties["Roles"]]
            when = CONDITIONS.get(resource.get("Condition"), "")
        else:
            continue
        for policy in policies:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield from ((role, when, statement) for role in roles if role in ROLES)


def actions(statement: dict) -> str:
    """The service is named once, and few of many."""
    first, *others = cfn.as_list(statement["Action"])
    if len(others) >= MOST_ACTIONS:
        return f"`{first}` and {len(others)} more"
    return ", ".join([f"`{first}`", *(f"`{one.partition(':')[2]}`" for one in others)])


def place(statement: dict) -> str:
    """What a statement is on, without the beginning of its ARN, and below which prefixes."""

    def short(resource: str) -> str:
        if "execution:" in resource:
            return "its executions"
        if resource.endswith("LogGroup.Arn>"):
            return "its log"
        return f"`{resource.rpartition(':::')[2].strip('<>').removesuffix('.Arn')}`"

    places = dict.fromkeys(map(short, cfn.as_list(statement["Resource"])))
    prefixes = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", [])
    return ", ".join(places) + "".join(f", prefix `{one}`" for one in prefixes)


def rights() -> str:
    rows: dict[tuple[str, str, str], set[str]] = {}
    for role, when, statement in statements():
        rows.setdefault((actions(statement), place(statement), when), set()).add(role)
    marks = [[*key, *("yes" if role in holders else "" for role in ROLES)] for key, holders in rows.items()]
    return table(["right", "on", "if", *ROLES.values()], marks)


def main(arguments: list[str]) -> int:
    """Writes or checks every page."""
    facts, checks = contract(), "--check" in arguments

    def filled(found: re.Match[str]) -> str:
        name, _, rest = found[2].partition(":")
        made = {
            "variables": lambda: variables(facts),
            "metrics": lambda: metrics(facts, rest),
            "rights": rights,
            "swarms": lambda: table(swarm_model.COLUMNS, list(swarm_model.rows())),
        }
        return found[1] + made[name]() + found[3]

    outdated = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (current := TABLE.sub(filled, text)) != text:
            outdated.append(page.name)
            if not checks:
                page.write_text(current, encoding="utf-8")
    if outdated and checks:
        print(f"docs: tables of {', '.join(outdated)} are out of date: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
