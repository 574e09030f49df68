"""Renders template.yaml as CloudFormation would: SAM's own translator, then the functions the template uses.

Checks of parameters and rules are separate (`parameter_faults`, `rule_faults`), so that a test can render a
combination that CloudFormation would refuse.
"""

import copy
import functools
import logging
import re
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parents[1]

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "torrents",
    "AWS::URLSuffix": "amazonaws.com",
}

NO_VALUE = object()

# Properties that name a file or folder here.
LOCAL = {"CodeUri", "DefinitionUri"}

# It warns of metrics that nobody asked for.
logging.getLogger("samtranslator").setLevel(logging.ERROR)


@functools.cache
def _parsed():
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


def load():
    """The template as it is written."""
    return copy.deepcopy(_parsed())


def as_list(value):
    """Where one may stand for a list of one."""
    return value if isinstance(value, list) else [value]


def values(**given):
    """Every parameter's value as text, `given` over the defaults, with one bucket where none is given."""
    defaults = {name: str(p["Default"]) for name, p in load()["Parameters"].items() if "Default" in p}
    assert given.keys() <= load()["Parameters"].keys()
    return {"Buckets": "data", **defaults, **given}


def parameter_faults(**given):
    """The parameters whose value CloudFormation would refuse."""
    chosen = values(**given)
    return [name for name, parameter in load()["Parameters"].items() if not _is_allowed(chosen[name], parameter)]


def _is_allowed(value, parameter):
    if "AllowedValues" in parameter and value not in map(str, parameter["AllowedValues"]):
        return False
    if parameter["Type"] == "Number":
        number = float(value)
        return parameter.get("MinValue", number) <= number <= parameter.get("MaxValue", number)
    if len(value) > parameter.get("MaxLength", len(value)):
        return False
    return re.fullmatch(parameter.get("AllowedPattern", ".*"), value) is not None


def rule_faults(**given):
    """What the Rules section says against a choice of parameters."""
    resolve = _Resolver(load(), values(**given)).resolve
    return [
        assertion["AssertDescription"]
        for rule in load()["Rules"].values()
        if resolve(rule.get("RuleCondition", True))
        for assertion in rule["Assertions"]
        if not resolve(assertion["Assert"])
    ]


@functools.cache
def _translated(chosen):
    """SAM's own work, the slow part."""
    template = load()
    for resource in template["Resources"].values():
        for local in LOCAL & resource.get("Properties", {}).keys():
            # As sam deploy leaves it.
            resource["Properties"][local] = "s3://bucket/key"
    translator = Translator({}, Parser(), plugins=[], boto_session=boto3.Session(region_name=PSEUDO["AWS::Region"]))
    return translator.translate(sam_template=template, parameter_values=dict(chosen))


def render(**given):
    """Resources and outputs (those whose condition holds), every function resolved."""
    chosen = values(**given)
    translated = _translated(tuple(chosen.items()))
    resolver = _Resolver(translated, chosen)
    return {
        section: {
            name: resolver.resolve(entry)
            for name, entry in translated[section].items()
            if "Condition" not in entry or resolver.condition(entry["Condition"])
        }
        for section in ("Resources", "Outputs")
    }


class _Resolver:
    def __init__(self, template, chosen):
        self.conditions = template["Conditions"]
        self.names = {**PSEUDO, **chosen, "AWS::NoValue": NO_VALUE}

    def condition(self, name):
        return self.resolve(self.conditions[name])

    def ref(self, name):
        # A resource's own name stands for what CloudFormation would put there.
        return self.names.get(name, f"<{name}>")

    def resolve(self, node):
        if isinstance(node, list):
            return [item for item in map(self.resolve, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, argument),) = node.items()
            if key == "Ref":
                return self.ref(argument)
            if key == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if key.startswith("Fn::"):
                return getattr(self, key.removeprefix("Fn::").lower() + "_")(argument)
        resolved = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not NO_VALUE}

    def getatt_(self, argument):
        return f"<{argument if isinstance(argument, str) else '.'.join(argument)}>"

    def sub_(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = self.resolve(own)
        text = re.sub(r"\$\{([^}!]+)\}", lambda found: str(own.get(found[1], self.ref(found[1]))), text)
        return text.replace("${!", "${")

    def join_(self, argument):
        delimiter, items = argument
        assert isinstance(delimiter, str), "CloudFormation takes no function for the delimiter"
        return delimiter.join(self.resolve(items))

    def split_(self, argument):
        delimiter, text = argument
        assert isinstance(delimiter, str), "CloudFormation takes no function for the delimiter"
        return self.resolve(text).split(delimiter)

    def select_(self, argument):
        index, items = argument
        return self.resolve(items)[int(index)]

    def if_(self, argument):
        name, yes, no = argument
        # Both are resolved: CloudFormation may look into the branch that is not taken.
        yes, no = self.resolve(yes), self.resolve(no)
        return yes if self.condition(name) else no

    def equals_(self, argument):
        left, right = map(self.resolve, argument)
        assert isinstance(left, str) and isinstance(right, str), "compare text with text"
        return left == right

    def not_(self, argument):
        return not self.resolve(argument[0])

    def and_(self, argument):
        return all(map(self.resolve, argument))
