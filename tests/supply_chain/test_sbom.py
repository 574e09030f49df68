"""make sbom: a valid CycloneDX document of what Cargo.lock puts into the binaries, and of nothing else."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[2]


def toml(name: str) -> dict:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def write(path: Path) -> str:
    subprocess.run([sys.executable, "-m", "scripts.sbom", path], cwd=ROOT, check=True)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("sbom")
    written = write(folder / "sbom.cdx.json")
    fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(written)
    assert fault is None, fault.data
    assert write(folder / "again.cdx.json") == written, "the same lock gives the same bytes"
    return json.loads(written)


def test_the_application_is_the_package_and_every_crate_can_be_reached_from_it(document: dict) -> None:
    manifest, application = toml("Cargo.toml"), document["metadata"]["component"]
    assert application["type"] == "application"
    assert (application["name"], application["version"]) == tuple(manifest["package"][k] for k in ("name", "version"))
    assert application["licenses"] == [{"expression": manifest["workspace"]["package"]["license"]}]
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    reached, left = set(), [application["bom-ref"]]
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left.extend(edges[ref])
    assert reached == edges.keys() == {application["bom-ref"], *(c["bom-ref"] for c in document["components"])}


def test_every_crate_is_locked_with_this_hash_and_has_a_licence_and_a_package_url(document: dict) -> None:
    locked = {(p["name"], p["version"]): p for p in toml("Cargo.lock")["package"]}
    for component in document["components"]:
        package = (component["name"], component["version"])
        assert component["hashes"] == [{"alg": "SHA-256", "content": locked[package]["checksum"]}], package
        [licence] = component["licenses"]
        assert get_spdx_licensing().validate(licence["expression"]).errors == [], package
        url = PackageURL.from_string(component["purl"])
        assert (url.type, url.name, url.version) == ("cargo", *package)


def test_what_only_tests_use_is_not_in_it_and_what_only_builds_use_is_marked(document: dict) -> None:
    scopes = {component["name"]: component["scope"] for component in document["components"]}
    assert toml("Cargo.toml")["dependencies"].keys() <= scopes.keys()
    assert not {"s3s", "proptest", "test-s3", "bench-tools"} & scopes.keys()
    assert {scopes[name] for name in ("serde_derive", "syn", "cc")} == {"excluded"}
    assert {scopes[name] for name in ("aws-sdk-s3", "sha1", "rustls", "aws-lc-sys")} == {"required"}
