"""Peak memory of the function while it reads one object, whatever the object's size."""

import contextlib
from pathlib import Path

from benches import first_request, objects
from benches.bench import Bench, spread
from benches.objects import GIB, MIB
from benches.report import Bar, Report
from scripts.stack import build, test_s3
from scripts.stack.function import settings
from scripts.stack.seaweedfs import ROLE, Credentials

BUCKET = "data"
KEY = "object.bin"
TEXT = """Peak resident memory (VmHWM) of the function's process, from its start to the answer. Each run is a new
process. Made-up objects come as fast as the test S3 sends them, and nothing is cached. The limit is for the largest of
the runs."""
COLUMNS = ("server", "object, GiB", "settings", "peak memory, MiB", "seconds")
LIMIT_MIB = 32


# The server, the object's size, the function's settings, and the most MiB it may take.
CASES: tuple[tuple[str, int, dict[str, str], int], ...] = (
    ("test S3", GIB, {}, LIMIT_MIB),
    ("test S3", 4 * GIB, {}, LIMIT_MIB),
    ("test S3", 20 * GIB, {}, LIMIT_MIB),
    ("test S3", 4 * GIB, {"PIECE_LENGTH": str(256 * MIB)}, LIMIT_MIB),
    ("test S3", 4 * GIB, {"FETCH_CONCURRENCY": "64"}, 96),
    ("SeaweedFS", GIB, {}, LIMIT_MIB),
)


def run(bench: Bench) -> Report:
    """Made-up objects of all sizes, and a real one on SeaweedFS: the first requests of new functions."""
    binary, program = build.release(bench.owner), build.test_s3(bench.owner, release=not bench.quick)
    report = Report("Peak memory", TEXT, COLUMNS)
    for name, usual, variables, limit in CASES:
        size, chosen = bench.bytes(usual), ", ".join(map("=".join, variables.items())) or "defaults"
        with contextlib.ExitStack() as owner:
            env = settings(*_server(owner, name, program, size), variables)
            usages = [first_request.ask(binary, env, BUCKET, KEY).usage for _ in range(bench.runs(3))]
        peaks, walls = [usage.peak_mib for usage in usages], [usage.wall for usage in usages]
        what = [name, f"{size / GIB:g}", chosen]
        report.rows.append([*what, spread(peaks, "{:.1f}".format), spread(walls, "{:.1f}".format)])
        print(" | ".join(report.rows[-1]), flush=True)
        report.bars.append(Bar(f"MiB for {what[1]} GiB on {name}, {chosen}", max(peaks), limit))
    return report


def _server(owner: contextlib.ExitStack, name: str, program: Path, size: int) -> tuple[str, Credentials | None]:
    """The endpoint of a server with the object, and the function's credentials there."""
    if name == "SeaweedFS":
        return objects.on_seaweedfs(owner, BUCKET, KEY, size).endpoint, ROLE
    server = test_s3.Server(owner, program, public=[BUCKET], object=[f"{BUCKET}/{KEY}={size}"])
    return server.endpoint, None
