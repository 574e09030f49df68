"""requirements/*.txt: every package in one version and with its hashes, and installed by them only."""

import re
from pathlib import Path

import pytest

from scripts import pin_hashes

ROOT = Path(__file__).resolve().parents[2]

FILES = sorted((ROOT / "requirements").glob("*.txt"))

OF_UV = """\
a-b==1 \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
c==2.0 \\
    --hash=sha256:{2}
"""

HASHES = [digit * 64 for digit in "abc"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_a_comment_or_a_pin_with_hashes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    requirements = text.replace("\\\n", " ").splitlines()
    requirements = [line for line in requirements if line and not line.startswith("#")]
    assert requirements
    for line in requirements:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.+!]*( +--hash=sha256:[0-9a-f]{64})+ *", line), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_package_is_pinned_twice(path: Path) -> None:
    names = [pin.split("==")[0] for pin in pin_hashes.pins(path.read_text(encoding="utf-8"))]
    assert len({pin_hashes.normalized(name) for name in names}) == len(names)


def test_nothing_is_installed_but_by_hash() -> None:
    places = [ROOT / "Makefile", ROOT / ".ci" / "run", *sorted((ROOT / "scripts").rglob("*.sh"))]
    commands = [line for path in places for line in path.read_text(encoding="utf-8").splitlines()]
    installs = [line for line in commands if re.search(r"\bpip3? install\b|-m pip\b.*\binstall\b", line)]
    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_hashes_are_renewed_and_all_else_stays() -> None:
    known = pin_hashes.parsed(OF_UV.format(*HASHES))
    plain = "# Why.\n\nA_b==1\n# More.\nc==2.0\n"
    hashed = pin_hashes.with_hashes(plain, known)
    assert hashed == (
        f"# Why.\n\nA_b==1 \\\n    --hash=sha256:{HASHES[0]} \\\n    --hash=sha256:{HASHES[1]}\n"
        f"# More.\nc==2.0 \\\n    --hash=sha256:{HASHES[2]}\n"
    )
    assert pin_hashes.with_hashes(hashed, known) == hashed
    assert pin_hashes.pins(hashed) == ["A_b==1", "c==2.0"]


def test_a_pin_that_the_index_does_not_tell_of_is_an_error() -> None:
    with pytest.raises(KeyError):
        pin_hashes.with_hashes("a-b==2\n", pin_hashes.parsed(OF_UV.format(*HASHES)))
