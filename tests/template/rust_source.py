"""What src/ says: the variables and numbers of Config, the exposed headers, the metrics, the calls to AWS."""

import re

from cloudformation import ROOT


def _rust(*patterns):
    paths = sorted(path for pattern in patterns for path in (ROOT / "src").glob(pattern))
    # Comments may name what is not called or not read.
    return "\n".join(re.sub(r"//.*", "", path.read_text(encoding="utf-8")) for path in paths)


def variables():
    """The names in `pub const VARIABLES`."""
    found = re.search(
        r"pub const VARIABLES: \[&str; (\d+)\] = \[(.*?)\];", _rust("config.rs", "config/*.rs"), re.DOTALL
    )
    names = re.findall(r'"(\w+)"', found[2])
    assert len(names) == int(found[1])
    return names


def numbers():
    """Name to (default, min, max), from the `Number` constants."""
    source = _rust("config.rs", "config/*.rs", "object.rs", "object/*.rs")
    constants = dict(re.findall(r"pub(?:\([a-z]+\))? const (\w+): u64 =\s*([\d_* ]+);", source))

    def number(expression):
        expression = constants.get(expression, expression)
        assert re.fullmatch(r"[\d_* ]+", expression), f"not a number: {expression}"
        product = 1
        for factor in expression.split("*"):
            product *= int(factor)
        return product

    fields = r'Number\s*\{\s*name: "(\w+)",\s*default: ([^,]+),\s*min: ([^,]+),\s*max: ([^,}]+?),?\s*\}'
    return {name: tuple(map(number, rest)) for name, *rest in re.findall(fields, source)}


def exposed_headers():
    """The value of Access-Control-Expose-Headers in the function's answers."""
    (value,) = re.findall(r'const EXPOSED\w*: &str =\s*"(.*?)";', _rust("**/*.rs"), re.DOTALL)
    # In Rust, a backslash ends a line that goes on after the next line's spaces.
    return re.sub(r"\\\n\s*", "", value)


def namespace():
    """Where the metrics are."""
    (name,) = re.findall(r'pub const NAMESPACE: &str = "(\w+)";', _rust("metrics.rs"))
    return name


def metrics(table):
    """Metric to (dimensions, unit), from `REQUEST`, `TASK` or `TRACKER`."""
    (body,) = re.findall(rf"pub const {table}: \[Directive; \d+\] = \[(.*?)\];", _rust("metrics.rs"), re.DOTALL)
    found = {}
    for dimensions, pairs in re.findall(r"dimensions: &\[([^\]]*)\],\s*metrics: &\[([^\]]*)\]", body):
        for name, unit in re.findall(r'\("(\w+)", "(\w+)"\)', pairs):
            assert name not in found, "one metric, one meaning"
            found[name] = (tuple(re.findall(r'"(\w+)"', dimensions)), unit)
    assert found
    return found


def calls(operations, *patterns):
    """Which of `operations` (in snake case) these files call, tests left out."""
    found = set()
    for path in (path for pattern in patterns for path in (ROOT / "src").glob(pattern)):
        if path.name == "tests.rs" or "tests" in path.parts:
            continue
        source = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        program = re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", source)[0]
        found |= operations & set(re.findall(r"\.(\w+)\(\)", program))
    return found
