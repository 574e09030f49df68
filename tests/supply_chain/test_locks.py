"""requirements/*.txt: what `make lock` makes of pyproject.toml, and what is installed, by hash."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]

# A name, a version, for which Pythons or systems if not for all, and the hashes.
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==[0-9][\w.+!]*( ; [^;]+)?( --hash=sha256:[0-9a-f]{64})+")


def locked(group: str) -> list[re.Match[str] | None]:
    """Each line of a lock, joined where it is broken; `None` for one that is no pin with hashes."""
    text = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
    lines = re.sub(r" *\\\n *", " ", text).splitlines()
    return [PIN.fullmatch(line) for line in lines if not line.startswith("#")]


def test_every_group_has_a_lock_and_no_lock_is_left_over() -> None:
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == GROUPS.keys()


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_what_its_group_names_by_hash_and_no_second_compiler(group: str) -> None:
    pins = locked(group)
    assert None not in pins
    names = {pin["name"] for pin in pins if pin}
    assert {re.match(r"[\w-]+", wanted)[0] for wanted in GROUPS[group]} <= names
    assert "ziglang" not in names


def test_nothing_is_installed_but_by_hash() -> None:
    places = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "scripts").rglob("*.sh")]
    places += (ROOT / ".github" / "workflows").iterdir()
    commands = [line for path in places for line in path.read_text(encoding="utf-8").splitlines()]
    installs = [line for line in commands if re.search(r"\bpip3? (.* )?(install|sync)\b", line)]
    assert len(installs) == 2
    assert all("--require-hashes" in line and re.search("--no-build|--only-binary :all:", line) for line in installs)
