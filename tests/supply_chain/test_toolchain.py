"""The oldest Rust and Python that do: said once, and the same wherever it is said."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FOLDERS = ("scripts", "benches", ".ci", "docs")


def told(pattern: str) -> dict[Path, set[str]]:
    """What pages and programs say to people."""
    paths = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile")]
    for folder in FOLDERS:
        paths += [p for p in sorted((ROOT / folder).rglob("*")) if p.suffix in (".py", ".sh", ".md") or p.name == "run"]
    found = {path: set(re.findall(pattern, path.read_text(encoding="utf-8"))) for path in paths}
    return {path.relative_to(ROOT): versions for path, versions in found.items() if versions}


def manifest() -> dict:
    return tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]


def numbers(version: str) -> tuple[int, ...]:
    # 1.85 is 1.85.0.
    return tuple(map(int, (*version.split("."), "0", "0")))[:3]


def test_people_are_told_the_rust_of_the_manifest() -> None:
    places = told(r"Rust \(?(1\.\d+(?:\.\d+)?)")
    assert {Path("README.md"), Path("CONTRIBUTING.md")} <= places.keys()
    assert set().union(*places.values()) == {manifest()["rust-version"]}


def test_no_dependency_needs_a_newer_rust_and_one_needs_this() -> None:
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    command += ["--filter-platform", "aarch64-unknown-linux-gnu", "--filter-platform", "x86_64-unknown-linux-gnu"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)
    needed = [p["rust_version"] for p in packages["packages"] if p["source"] and p["rust_version"]]
    assert max(map(numbers, needed)) == numbers(manifest()["rust-version"])


def test_people_are_told_the_python_that_the_tools_are_locked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    places = told(r"Python (3\.\d+)")
    assert {Path("README.md"), Path("scripts/setup.sh")} <= places.keys()
    [oldest] = set().union(*places.values())
    assert project["requires-python"] == f">={oldest}"
    major, minor = oldest.split(".")
    assert f"version_info < ({major}, {minor})" in (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")


def test_the_toolchain_asked_for_is_the_one_that_is_installed() -> None:
    toolchain = tomllib.loads((ROOT / "rust-toolchain.toml").read_text(encoding="utf-8"))["toolchain"]
    # A version here would have rustup download it where another one is installed.
    assert toolchain["channel"] == "stable"
    assert {"clippy", "rustfmt"} == set(toolchain["components"]), "what `make lint` runs"
