"""Writes the hashes of every file of each pinned package into requirements files: make pins

A pin is a line `name==version`; comments and order stay. `pip install --require-hashes` then takes no file that is not
one of these. Run it after any change of a pin. It asks the package index by uv, which takes the hashes that the index
lists and downloads nothing; UV_DEFAULT_INDEX names an index other than PyPI.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def normalized(name: str) -> str:
    """As the index spells it: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> list[str]:
    """All `name==version` of a requirements file."""
    return [found[0] for line in text.splitlines() if (found := PIN.match(line))]


def parsed(text: str) -> dict[str, set[str]]:
    """Normalized `name==version` to its hashes."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if pin := PIN.match(line):
            hashes = found.setdefault(f"{normalized(pin['name'])}=={pin['version']}", set())
        elif found:
            hashes.update(HASH.findall(line))
    return found


def with_hashes(text: str, known: dict[str, set[str]]) -> str:
    """The same file with the hashes of each pin below it."""
    lines = []
    for line in text.splitlines():
        if pin := PIN.match(line):
            hashes = sorted(known[f"{normalized(pin['name'])}=={pin['version']}"])
            lines.append(" \\\n".join([pin[0], *(f"    --hash={value}" for value in hashes)]))
        elif not line.lstrip().startswith("--hash="):
            lines.append(line)
    return "\n".join(lines) + "\n"


def ask(text: str) -> dict[str, set[str]]:
    """What the index lists, of all platforms and Pythons."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "pins.in"
        plain.write_text("\n".join(pins(text)) + "\n", encoding="utf-8")
        uv = Path(sys.executable).with_name("uv")
        command = [uv, "pip", "compile", "--quiet", "--no-config", "--no-cache", "--no-deps", "--generate-hashes"]
        command += ["--no-annotate", "--no-header", "--python-version", "3.11", plain]
        return parsed(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        text = path.read_text(encoding="utf-8")
        path.write_text(with_hashes(text, ask(text)), encoding="utf-8")
        print(f"{path}: {len(pins(text))} pins")


if __name__ == "__main__":
    main()
