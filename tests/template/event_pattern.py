"""EventBridge's event patterns and input transformers, as far as the template uses them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import json
import re

# "Numeric matching is limited to values between -5.0e9 and +5.0e9": whatever lies beyond is taken to match nothing.
LARGEST_NUMBER = 5e9


def matches(pattern, event):
    """Whether an event passes: all fields of the pattern, and one alternative of an $or."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(alternative, event) for alternative in wanted):
                return False
        elif isinstance(wanted, dict):
            if not (isinstance(event.get(name), dict) and matches(wanted, event[name])):
                return False
        elif name not in event or not any(_is(one, event[name]) for one in wanted):
            return False
    return True


def _is(wanted, value):
    if not isinstance(wanted, dict):
        return wanted == value
    ((operator, argument),) = wanted.items()
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(argument)
    assert operator == "numeric", f"not known here: {operator}"
    relation, bound = argument
    assert relation == ">=" and isinstance(bound, int) and abs(bound) <= LARGEST_NUMBER
    return isinstance(value, int) and abs(value) <= LARGEST_NUMBER and value >= bound


def transformed(transformer, event):
    """The text that a target gets: a <name> stands for the JSON at its path."""

    def value(found):
        path = transformer["InputPathsMap"][found[1]]
        node = event
        for name in path.removeprefix("$.").split("."):
            node = node[name]
        return json.dumps(node)

    return re.sub(r"<(\w+)>", value, transformer["InputTemplate"])
