"""Faults of ministack's CloudFormation."""

from contextvars import ContextVar

import samtranslator.translator.transform as sam
from ministack.services.cloudformation import engine

from faults.seams import replace

_PARAMETERS: ContextVar[dict[str, str]] = ContextVar("parameters")


def make_good() -> None:
    """All of this module."""
    conditions_know_every_function()
    sam_gets_the_parameters()


def conditions_know_every_function() -> None:
    """A condition takes `Fn::Split` and `Fn::Sub` within `Fn::Select` as they are written, so all is reserved."""
    evaluate = engine._evaluate_conditions

    def evaluate_conditions(template: dict, params: dict) -> dict[str, bool]:
        conditions = {name: _compared(node, params) for name, node in template.get("Conditions", {}).items()}
        return evaluate({**template, "Conditions": conditions}, params)

    replace(evaluate, evaluate_conditions)


def _compared(node: object, params: dict) -> object:
    """A condition, in which texts stand for the functions that make them."""
    if isinstance(node, list):
        return [_compared(item, params) for item in node]
    if not isinstance(node, dict):
        return node
    if node.keys() & {"Fn::Select", "Fn::Split", "Fn::Sub"}:
        return engine._resolve_refs(node, {}, params, {}, {}, "", "")
    return {name: _compared(value, params) for name, value in node.items()}


def sam_gets_the_parameters() -> None:
    """SAM gets no parameters. So it does not see that `DefaultAuthorizer` is AWS_IAM, and leaves the API open."""
    apply, transform = engine._apply_transforms, sam.transform

    def apply_transforms(template: dict, provided: list | None = None, previous: dict | None = None) -> dict:
        _PARAMETERS.set(engine._transform_parameters(template, provided, previous))
        return apply(template, provided, previous)

    def transform_with_parameters(template: dict, _none: dict, policies: object) -> dict:
        return transform(template, _PARAMETERS.get(), policies)

    replace(apply, apply_transforms)
    sam.transform = transform_with_parameters
