"""What the release profile of Cargo.toml costs and saves against others: size, cold start, CPU.

Each profile is a build of its own through Cargo's `CARGO_PROFILE_RELEASE_…` variables, into target/bench-profiles/:
minutes each. A quick run builds nothing but what is deployed.
"""

import contextlib
import itertools
import statistics
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benches import cargo, cold_start, first_request, objects, package
from benches.bench import Bench, spread
from benches.objects import GIB
from benches.report import FOLDER, Report
from scripts.stack import build, temporary, tools
from scripts.stack.function import NAME, settings
from scripts.stack.seaweedfs import ROLE, SeaweedFS

BUCKET = "data"
RUNS = 5
BASELINE = "Cargo.toml's"

# What may differ from Cargo.toml; what does not is not built.
PROFILES: Mapping[str, Mapping[str, str]] = {
    "opt-level 3": {"OPT_LEVEL": "3"},
    "opt-level s": {"OPT_LEVEL": "s"},
    "opt-level z": {"OPT_LEVEL": "z"},
    "thin LTO": {"LTO": "thin"},
    "panic abort": {"PANIC": "abort"},
}
TEXT = """Cargo.toml's release profile ({own}) and others, each of which differs from it in what it is named after. What
Cargo.toml sets for single packages stays. Cold start is measured as above. CPU is user and system time of the
function's process while it reads and hashes 1 GiB from SeaweedFS on 127.0.0.1, all profiles in turns: median (least to
most). Each cell ends with the ratio to Cargo.toml's profile, for CPU to the run in the same turn. Aborting panics are
here for the record only: `lambda_runtime` answers a panic only if it unwinds."""


@dataclass
class _Figures:
    sizes: package.Sizes
    init_ms: list[float]
    cpu: list[float] = field(default_factory=list)


def run(bench: Bench) -> Report:
    """One row a profile."""
    binaries = _binaries(bench)
    figures = {name: _Figures(package.sizes(binary), []) for name, binary in binaries.items()}
    for name, binary in binaries.items():
        figures[name].init_ms += cold_start.measure(binary, bench.runs(cold_start.RUNS))
    _read(bench, binaries, figures)
    own = ", ".join(f"{name.lower().replace('_', '-')} {value}" for name, value in _own().items())
    columns = ["profile", "binary, MB", "zip, MB", "cold start, ms", "CPU s/GiB"]
    report = Report("Release profile", TEXT.format(own=own), columns)
    baseline = figures[BASELINE]
    report.rows += [_row(name, each, baseline) for name, each in figures.items()]
    for name, each in figures.items():
        report.figures[name] = {
            "binary_mb": each.sizes.binary,
            "zip_mb": each.sizes.zip,
            "init_ms": each.init_ms,
            "cpu": each.cpu,
        }
    return report


def _binaries(bench: Bench) -> dict[str, Path]:
    released = {BASELINE: build.release(bench.owner)}
    own = _own()
    others = {} if bench.quick else {name: changes for name, changes in PROFILES.items() if own | changes != own}
    return released | {name: _build(bench.owner, name, changes) for name, changes in others.items()}


def _own() -> dict[str, str]:
    """Cargo.toml's profile, of what differs here."""
    profile = tomllib.loads((tools.ROOT / "Cargo.toml").read_text(encoding="utf-8"))["profile"]["release"]
    names = {"OPT_LEVEL": 3, "LTO": "off", "CODEGEN_UNITS": 16, "PANIC": "unwind"}
    return {name: str(profile.get(name.lower().replace("_", "-"), default)) for name, default in names.items()}


def _build(owner: contextlib.ExitStack, name: str, changes: Mapping[str, str]) -> Path:
    print(f"Building with {name}", flush=True)
    target = FOLDER.parent / "bench-profiles" / name.replace(" ", "-").replace(",", "")
    variables = {f"CARGO_PROFILE_RELEASE_{variable}": value for variable, value in changes.items()}
    cargo.build(owner, ["--release", "--bin", NAME], {"CARGO_TARGET_DIR": str(target), **variables})
    return target / "release" / NAME


def _read(bench: Bench, binaries: Mapping[str, Path], figures: Mapping[str, _Figures]) -> None:
    with contextlib.ExitStack() as owner:
        size = bench.bytes(GIB)
        server = SeaweedFS(owner)
        server.create_bucket(BUCKET, public=True)
        file = objects.write(temporary.folder(owner, "objects") / "object.bin", size)
        objects.upload(server, file, BUCKET)
        numbers = itertools.count()
        for _ in range(bench.runs(RUNS)):
            for name, binary in binaries.items():
                # So that none finds the torrent of another.
                own = {"SIDECAR_PREFIX": f"run-{next(numbers)}/"}
                answer = first_request.ask(binary, settings(server.endpoint, ROLE, own), BUCKET, file.name)
                figures[name].cpu.append(answer.usage.cpu / (size / GIB))


def _row(name: str, own: _Figures, baseline: _Figures) -> list[str]:
    cpu_ratio = statistics.median(ours / theirs for ours, theirs in zip(own.cpu, baseline.cpu, strict=True))
    init_ratio = statistics.median(own.init_ms) / statistics.median(baseline.init_ms)
    return [
        name,
        f"{own.sizes.binary:.2f}, {own.sizes.binary / baseline.sizes.binary:.2f}",
        f"{own.sizes.zip:.2f}, {own.sizes.zip / baseline.sizes.zip:.2f}",
        f"{spread(own.init_ms)}, {init_ratio:.2f}",
        f"{spread(own.cpu)}, {cpu_ratio:.2f}",
    ]
