"""The oldest Rust and Python that do: said once, and the same wherever it is said."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def told(pattern: str, *names: str) -> set[str]:
    """What these files say to people."""
    return {version for name in names for version in re.findall(pattern, (ROOT / name).read_text(encoding="utf-8"))}


def numbers(version: str) -> tuple[int, ...]:
    # 1.85 is 1.85.0.
    return tuple(map(int, (*version.split("."), "0", "0")))[:3]


def test_people_are_told_the_rust_of_the_manifest_and_a_dependency_needs_it() -> None:
    oldest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["rust-version"]
    assert told(r"Rust \(?(1\.\d+(?:\.\d+)?)", "README.md", "CONTRIBUTING.md") == {oldest}
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    command += ["--filter-platform", "aarch64-unknown-linux-gnu", "--filter-platform", "x86_64-unknown-linux-gnu"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)
    needed = [p["rust_version"] for p in packages["packages"] if p["source"] and p["rust_version"]]
    assert max(map(numbers, needed)) == numbers(oldest)


def test_people_are_told_the_python_that_the_tools_are_locked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [oldest] = told(r"Python (3\.\d+)", "README.md", "CONTRIBUTING.md", "scripts/setup.sh")
    assert project["requires-python"] == f">={oldest}"
    assert f"version_info < ({oldest.replace('.', ', ')})" in (ROOT / "scripts" / "setup.sh").read_text(
        encoding="utf-8"
    )
