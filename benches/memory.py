"""Peak memory of the function while it reads one object: how much a Lambda needs, whatever the object's size."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benches import first_request, objects
from benches.bench import Bench, spread
from benches.objects import GIB, MIB
from benches.report import Bar, Report
from scripts.stack import build, temporary, test_s3
from scripts.stack.function import settings
from scripts.stack.seaweedfs import ROLE, SeaweedFS

BUCKET = "data"
KEY = "object.bin"
TEXT = """Peak resident memory is the kernel's count (VmHWM) of the function's process alone, from its start to the
answer. Each run is a new process. Made-up objects come as fast as the test S3 (crates/test-s3) sends them, and
nothing is cached. The bar is for the largest of the runs. The seconds only show that the object was read."""
COLUMNS = ("server", "object, GiB", "settings", "peak memory, MiB", "seconds")
LIMIT_MIB = 32


@dataclass(frozen=True)
class _Case:
    """An object, the function's settings, and the most memory it may take."""

    size: int
    variables: Mapping[str, str] = field(default_factory=dict)
    limit_mib: int = LIMIT_MIB

    @property
    def settings(self) -> str:
        """For people."""
        return ", ".join(f"{name}={value}" for name, value in self.variables.items()) or "defaults"


CASES = (
    _Case(GIB),
    _Case(4 * GIB),
    _Case(20 * GIB),
    _Case(4 * GIB, {"PIECE_LENGTH": str(256 * MIB)}),
    _Case(4 * GIB, {"FETCH_CONCURRENCY": "64"}, limit_mib=96),
)


def run(bench: Bench) -> Report:
    """Made-up objects of all sizes, and a real one on SeaweedFS."""
    binary, program = build.release(bench.owner), build.test_s3(bench.owner, release=not bench.quick)
    report = Report("Peak memory", TEXT, COLUMNS)
    for case in CASES:
        with contextlib.ExitStack() as owner:
            size = bench.bytes(case.size)
            server = test_s3.Server(owner, program, public=[BUCKET], objects={f"{BUCKET}/{KEY}": size})
            envs = [settings(server.endpoint, None, case.variables)] * bench.runs(3)
            _measure(report, "test S3", case, size, binary, envs)
    size = bench.bytes(GIB)
    # Each run keeps its torrent elsewhere, so that none finds one.
    prefixes = [{"SIDECAR_PREFIX": f"run-{number}/"} for number in range(bench.runs(3))]
    server = _seaweedfs(bench.owner, size)
    _measure(report, "SeaweedFS", _Case(GIB), size, binary, [settings(server.endpoint, ROLE, own) for own in prefixes])
    return report


def _seaweedfs(owner: contextlib.ExitStack, size: int) -> SeaweedFS:
    server = SeaweedFS(owner)
    server.create_bucket(BUCKET, public=True)
    with contextlib.ExitStack() as upload:
        file = objects.write(temporary.folder(upload, "objects") / KEY, size)
        objects.upload(server, file, BUCKET)
    return server


def _measure(report: Report, server: str, case: _Case, size: int, binary: Path, envs: list[Mapping[str, str]]) -> None:
    """One request of a function that has answered none before, in each environment."""
    usages = [first_request.ask(binary, env, BUCKET, KEY).usage for env in envs]
    peaks = [usage.peak_mib for usage in usages]
    walls = [usage.wall for usage in usages]
    print(f"{server}, {size / GIB:g} GiB, {case.settings}: {spread(peaks)} MiB, {spread(walls)} s", flush=True)
    figures = [spread(peaks, "{:.1f}".format), spread(walls, "{:.1f}".format)]
    report.rows.append([server, f"{size / GIB:g}", case.settings, *figures])
    report.bars.append(Bar(f"MiB for {size / GIB:g} GiB on {server}, {case.settings}", max(peaks), case.limit_mib))
