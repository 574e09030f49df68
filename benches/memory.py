"""Peak memory of the function while it reads one object, whatever the object's size."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benches import first_request, objects
from benches.bench import Bench, spread
from benches.objects import GIB, MIB
from benches.report import Bar, Report
from scripts.stack import build, test_s3
from scripts.stack.function import settings
from scripts.stack.seaweedfs import ROLE

BUCKET = "data"
KEY = "object.bin"
TEXT = """Peak resident memory (VmHWM) of the function's process, from its start to the answer. Each run is a new
process. Made-up objects come as fast as the test S3 sends them, and nothing is cached. The limit is for the largest of
the runs."""
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
            server = test_s3.Server(owner, program, public=[BUCKET], object=[f"{BUCKET}/{KEY}={size}"])
            env = settings(server.endpoint, None, case.variables)
            _measure(report, bench, "test S3", case, size, binary, env)
    size = bench.bytes(GIB)
    server = objects.on_seaweedfs(bench.owner, BUCKET, KEY, size)
    _measure(report, bench, "SeaweedFS", _Case(GIB), size, binary, settings(server.endpoint, ROLE, {}))
    return report


def _measure(
    report: Report, bench: Bench, server: str, case: _Case, size: int, binary: Path, env: Mapping[str, str]
) -> None:
    """The first requests of new functions."""
    usages = [first_request.ask(binary, env, BUCKET, KEY).usage for _ in range(bench.runs(3))]
    peaks = [usage.peak_mib for usage in usages]
    walls = [usage.wall for usage in usages]
    print(f"{server}, {size / GIB:g} GiB, {case.settings}: {spread(peaks)} MiB, {spread(walls)} s", flush=True)
    figures = [spread(peaks, "{:.1f}".format), spread(walls, "{:.1f}".format)]
    report.rows.append([server, f"{size / GIB:g}", case.settings, *figures])
    report.bars.append(Bar(f"MiB for {size / GIB:g} GiB on {server}, {case.settings}", max(peaks), case.limit_mib))
