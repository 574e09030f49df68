"""The bill of materials of the functions, CycloneDX 1.5 in JSON: make sbom

What Cargo.lock puts into the binaries, for the two architectures that Lambda has: `cargo tree` tells what is built
(`cargo metadata` counts in what only tests switch on), `cargo metadata` the rest. What runs at build time only (build
scripts, macros) has the scope `excluded`. The same Cargo.lock gives the same bytes: no time, and an id made from it.
https://cyclonedx.org/docs/1.5/json/
"""

import json
import re
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TARGETS = ("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu")

LINE = re.compile(r"^(?P<depth>\d+)(?P<name>\S+) v(?P<version>\S+)")

Package = tuple[str, str]


def cargo(*arguments: str) -> str:
    """What cargo says; never another Cargo.lock than the one there is."""
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def graph(edges: str) -> dict[Package, set[Package]]:
    """Each package that is built, and what it is built from, along these kinds of edges."""
    found: dict[Package, set[Package]] = {}
    for target in TARGETS:
        above: list[Package] = []
        options = ("--edges", edges, "--target", target, "--prefix", "depth", "--format", "{p}")
        for line in filter(None, cargo("tree", *options).splitlines()):
            part = LINE.match(line)
            package = (part["name"], part["version"])
            del above[int(part["depth"]) :]
            if above:
                found[above[-1]].add(package)
            found.setdefault(package, set())
            above.append(package)
    return found


def purl(package: Package) -> str:
    """https://github.com/package-url/purl-spec"""
    name, version = package
    # A + of a version stands for build metadata.
    return f"pkg:cargo/{name}@{version.replace('+', '%2B')}"


def component(package: Package, about: dict, checksum: str | None, in_binary: bool) -> dict:
    """One crate; `about` is what its own manifest says."""
    name, version = package
    found = {
        "type": "library",
        "bom-ref": purl(package),
        "name": name,
        "version": version,
        "description": " ".join((about["description"] or "").split()),
        "scope": "required" if in_binary else "excluded",
        "hashes": [{"alg": "SHA-256", "content": checksum}] if checksum else [],
        # Some still write the slash that SPDX no longer knows.
        "licenses": [{"expression": about["license"].replace("/", " OR ")}] if about["license"] else [],
        "purl": purl(package),
        "externalReferences": [{"type": "vcs", "url": about["repository"]}] if about["repository"] else [],
    }
    return {key: value for key, value in found.items() if value}


def bill() -> dict:
    """The whole document."""
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in tomllib.loads(lock)["package"]}
    platforms = [word for target in TARGETS for word in ("--filter-platform", target)]
    metadata = json.loads(cargo("metadata", "--format-version", "1", *platforms))
    about = {(p["name"], p["version"]): p for p in metadata["packages"]}
    built = graph("no-dev")
    in_binary = graph("no-dev,no-build,no-proc-macro").keys()
    [root] = [package for package in built if checksums[package] is None]
    parts = {p: component(p, about[p], checksums[p], p in in_binary) for p in sorted(built)}
    application = {**parts.pop(root), "type": "application"}
    del application["scope"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lock)}",
        "version": 1,
        "metadata": {"component": application},
        "components": list(parts.values()),
        "dependencies": [{"ref": purl(p), "dependsOn": sorted(map(purl, built[p]))} for p in sorted(built)],
    }


def main() -> None:
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    document = bill()
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{path}: {len(document['components'])} crates")


if __name__ == "__main__":
    main()
