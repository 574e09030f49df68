"""README and the other pages name what there is: variables with their defaults, make targets, files."""

import re
from pathlib import Path

import pytest

from scripts import cloudformation as cfn
from scripts import docs

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
WIDTH = 120


def text(*path: str) -> str:
    return ROOT.joinpath(*path).read_text(encoding="utf-8")


def test_every_table_of_facts_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_every_variable_is_in_a_table_of_the_readme() -> None:
    named = set(re.findall(r"^\| `([A-Z_0-9]+)`", text("README.md"), re.MULTILINE))
    assert named == {one["name"] for one in docs.contract()["variables"]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
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
    variables = {one["name"] for one in docs.contract()["variables"]}
    known = cfn.load()["Parameters"].keys() | cfn.load()["Resources"].keys() | variables
    named = set(re.findall(r"`([A-Z]\w+)(?:=\w+)?`", text("docs", "THREATS.md")))
    assert {"MaxObjectSize", "ReservedConcurrency"} <= named
    assert named - known == {"AWS_IAM"}
