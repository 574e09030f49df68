"""make sbom: a valid CycloneDX document of what Cargo.lock puts into the binaries, and of nothing else."""

import functools
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import cyclonedx.schema
from jsonschema import Draft7Validator
from license_expression import get_spdx_licensing
from packageurl import PackageURL
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

ROOT = Path(__file__).resolve().parents[2]

SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"


def schema(name: str) -> dict:
    return json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))


def manifest(package: str) -> dict:
    return tomllib.loads((ROOT / package / "Cargo.toml").read_text(encoding="utf-8"))


@functools.cache
def written() -> str:
    path = ROOT / "target" / "tests" / "sbom.cdx.json"
    subprocess.run([sys.executable, "-m", "scripts.sbom", path], cwd=ROOT, check=True)
    return path.read_text(encoding="utf-8")


def document() -> dict:
    return json.loads(written())


def validator() -> Draft7Validator:
    beside = [(f"{name}.schema.json", schema(name)) for name in ("spdx", "jsf-0.82")]
    resources = [(f"http://cyclonedx.org/schema/{n}", Resource(c, DRAFT7)) for n, c in beside]
    return Draft7Validator(schema("bom-1.5"), registry=Registry().with_resources(resources))


def locked() -> dict[str, dict]:
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {f"{p['name']}@{p['version']}": p for p in packages}


def components() -> dict[str, dict]:
    return {f"{c['name']}@{c['version']}": c for c in document()["components"]}


def test_it_is_valid_by_the_schema() -> None:
    assert [error.message for error in validator().iter_errors(document())] == []


def test_the_schema_finds_faults() -> None:
    broken = document()
    broken["components"][0]["type"] = "crate"
    broken["components"][1]["hashes"][0]["alg"] = "CRC"
    assert len(list(validator().iter_errors(broken))) == 2


def test_the_application_is_the_package() -> None:
    package = manifest(".")["package"]
    application = document()["metadata"]["component"]
    assert application["type"] == "application"
    assert (application["name"], application["version"]) == (package["name"], package["version"])
    assert application["licenses"] == [{"expression": manifest(".")["workspace"]["package"]["license"]}]


def test_every_crate_is_locked_with_this_hash() -> None:
    for name, component in components().items():
        assert component["hashes"] == [{"alg": "SHA-256", "content": locked()[name]["checksum"]}], name


def test_every_crate_has_a_licence_that_spdx_knows_and_a_package_url() -> None:
    for component in components().values():
        [licence] = component["licenses"]
        assert get_spdx_licensing().validate(licence["expression"]).errors == [], component["name"]
        url = PackageURL.from_string(component["purl"])
        assert (url.type, url.name, url.version) == ("cargo", component["name"], component["version"])


def test_what_is_asked_for_is_in_it_and_what_only_tests_use_is_not() -> None:
    names = {component["name"] for component in components().values()}
    assert manifest(".")["dependencies"].keys() <= names
    # async-trait and the likes may come by others as well; these do not.
    assert not {"s3s", "proptest", "test-s3", "bench-tools"} & names
    assert {"proptest", "test-s3"} <= manifest(".")["dev-dependencies"].keys()
    assert "s3s" in manifest("crates/test-s3")["dependencies"]


def test_what_runs_at_build_time_only_is_marked() -> None:
    scopes = {component["name"]: component["scope"] for component in components().values()}
    assert {scopes[name] for name in ("serde_derive", "syn", "cc")} == {"excluded"}
    assert {scopes[name] for name in ("aws-sdk-s3", "sha1", "rustls", "aws-lc-sys")} == {"required"}


def test_every_crate_can_be_reached_from_the_application() -> None:
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document()["dependencies"]}
    reached, left = set(), [document()["metadata"]["component"]["bom-ref"]]
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left.extend(edges[ref])
    assert reached == edges.keys()
    assert len(reached) == len(components()) + 1


def test_the_same_lock_gives_the_same_bytes() -> None:
    first = written()
    written.cache_clear()
    assert written() == first
    assert not re.search(r'"timestamp"|/home/|' + re.escape(str(ROOT)), first)
