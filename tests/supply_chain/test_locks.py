"""requirements/*.txt: what `make lock` makes of pyproject.toml, and what is installed, by hash."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
# A name, a version, for which Pythons or systems if not for all, and the hashes.
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==[0-9][\w.+!]*( ; [^;]+)?( --hash=sha256:[0-9a-f]{64})+")


def test_every_group_has_a_lock_that_holds_what_it_names_by_hash_and_no_second_compiler() -> None:
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == GROUPS.keys()
    for group, wanted in GROUPS.items():
        text = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
        lines = [line for line in re.sub(r" *\\\n *", " ", text).splitlines() if not line.startswith("#")]
        pins = [PIN.fullmatch(line) for line in lines]
        assert None not in pins, group
        names = {pin["name"] for pin in pins if pin}
        assert {re.match(r"[\w-]+", requirement)[0] for requirement in wanted} <= names, group
        assert "ziglang" not in names, group


def test_nothing_is_installed_but_by_hash() -> None:
    places = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "scripts").rglob("*.sh")]
    places += (ROOT / ".github" / "workflows").iterdir()
    commands = [line for path in places for line in path.read_text(encoding="utf-8").splitlines()]
    installs = [line for line in commands if re.search(r"\bpip3? (.* )?(install|sync)\b", line)]
    assert len(installs) == 2
    assert all("--require-hashes" in line and re.search("--no-build|--only-binary :all:", line) for line in installs)
