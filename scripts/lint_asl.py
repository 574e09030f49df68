#!/usr/bin/env python3
"""Checks a state machine's definition: python scripts/lint_asl.py statemachine/torrent-job.asl.json

cfn-lint looks at definitions inside an AWS::StepFunctions::StateMachine and not at files, so it gets one of these; and
since it follows StartAt alone, the other transitions are checked here. Needs the Python of requirements/lint.txt.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def template(definition):
    """The smallest template around the definition."""
    names = re.findall(r"\$\{(\w+)\}", json.dumps(definition))
    properties = {
        "RoleArn": "arn:aws:iam::123456789012:role/states",
        "Definition": definition,
        "DefinitionSubstitutions": dict.fromkeys(names, "arn:aws:lambda:us-east-1:123456789012:function:name"),
    }
    return {"Resources": {"StateMachine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}


def targets(state):
    """Where a state leads."""
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way[key] for way in ways for key in ("Next", "Default") if key in way}


def stray_transitions(machine, where="the state machine"):
    """What is wrong with the ways between states, in words."""
    states = machine["States"]
    reached, pending = set(), {machine["StartAt"]}
    while pending:
        name = pending.pop()
        if name not in states:
            yield f"{where}: a way leads to {name}, which is not there"
        elif name not in reached:
            reached.add(name)
            pending |= targets(states[name])
    for name in sorted(states.keys() - reached):
        yield f"{where}: no way leads to {name}"
    for name, state in states.items():
        inner = [state[key] for key in ("ItemProcessor", "Iterator") if key in state]
        for part in [*inner, *state.get("Branches", [])]:
            yield from stray_transitions(part, name)


def cfn_lint(definition):
    """cfn-lint's own findings, as it prints them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "template.json")
        path.write_text(json.dumps(template(definition)), encoding="utf-8")
        command = [Path(sys.executable).with_name("cfn-lint"), "--format", "parseable", path]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (run.stdout + run.stderr).splitlines()
    return [line.removeprefix(str(path)) for line in lines] or ([] if run.returncode == 0 else ["cfn-lint failed"])


def faults(definition):
    """All that is wrong with a definition."""
    return [*cfn_lint(definition), *stray_transitions(definition)]


if __name__ == "__main__":
    found = faults(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.exit("\n".join(found) if found else 0)
