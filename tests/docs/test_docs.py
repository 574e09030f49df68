"""README and the other pages name what there is: variables with their defaults, make targets, files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
WIDTH = 120


def text(*path: str) -> str:
    return ROOT.joinpath(*path).read_text(encoding="utf-8")


def variables() -> set[str]:
    source = text("src", "config", "variables.rs")
    [block] = re.findall(r"pub const VARIABLES[^=]*=\s*\[(.*?)\];", source, re.DOTALL)
    return set(re.findall(r'"([A-Z_0-9]+)"', block))


def rows() -> dict[str, str]:
    """README's table of variables: names, and the rest of the row."""
    [section] = re.findall(r"## Configure\n(.*?)\n## ", text("README.md"), re.DOTALL)
    found = {}
    for line in section.splitlines():
        if line.startswith("| `"):
            names, rest = line.removeprefix("| ").split(" | ", 1)
            found.update(dict.fromkeys(re.findall(r"`([A-Z_0-9]+)`", names), rest))
    return found


def test_every_variable_is_in_the_readme_and_no_other() -> None:
    assert set(rows()) == variables()


def test_the_readme_has_the_defaults_of_the_code() -> None:
    source = text("src", "config", "variables.rs")
    numbers = re.findall(r'name: "(\w+)",\s*default: ([^,]+),', source)
    assert numbers
    for name, default in numbers:
        value = eval(default.replace("_", ""), {"__builtins__": {}})  # a product of whole numbers
        assert str(value) in rows()[name], name


@pytest.mark.parametrize("page", sorted({*PAGES, *ROOT.glob("*.md")}), ids=lambda page: page.name)
def test_no_line_is_wider_than_the_page(page: Path) -> None:
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    assert [f"{page.name}:{number}" for number, line in lines if len(line) > WIDTH] == []


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len(text("README.md").splitlines()) < 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_named_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", text("Makefile"), re.MULTILINE))
    code = " ".join(re.findall(r"```.*?```|`[^`]+`", page.read_text(encoding="utf-8"), re.DOTALL))
    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", code))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_source_file_named_is_there(page: Path) -> None:
    for name in re.findall(
        r"`((?:src|crates|tests|scripts|events|docs|benches)/[\w./-]*)`", page.read_text(encoding="utf-8")
    ):
        assert (ROOT / name).exists(), name


def anchors(page: Path) -> set[str]:
    """The headings, as they are linked to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([\w./-]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        assert heading in anchors(page.parent / target if target else page), f"{target}#{heading}"


def test_the_threats_name_parameters_alarms_and_variables_that_there_are() -> None:
    known = set(re.findall(r"^  (\w+):$", text("template.yaml"), re.MULTILINE)) | variables()
    named = re.findall(r"`([A-Z]\w+)(?:=\w+)?`", text("docs", "THREATS.md"))
    assert {"MaxObjectSize", "HashReservedConcurrency"} <= set(named)
    assert set(named) - known == {"AWS_IAM"}
