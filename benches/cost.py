"""What a request costs, by where the piece hashes come from; the S3 requests of the formulas are held to measured ones.

The docs have the same table, and those of jobs that it prints: tests/e2e/test_costs.py compares them.
"""

import contextlib
from pathlib import Path

from benches import cost_model, job_model, objects, request_log
from benches.bench import Bench
from benches.cost_model import MIB, Work
from benches.report import Bar, Report
from scripts.stack import build
from scripts.stack.function import Function, built, settings
from scripts.stack.seaweedfs import ROLE
from scripts.stack.test_s3 import Server

BUCKET = "data"
PARTS, PART_SIZE = 2_500, 8 * MIB

TEXT = """Computed by the formulas and the assumptions of [COSTS.md](COSTS.md): no dollar is measured.
Dollars are those of 1,000 requests, all else is of one request. The S3 requests and the bytes read are compared with
those of the function's log: of 64 MiB on SeaweedFS, read and then cached, and of 2,500 parts on the test S3."""


def run(bench: Bench) -> Report:
    """The table, and a bar for each formula."""
    binary = build.release(bench.owner)
    report = Report("Cost", TEXT, cost_model.columns(), cost_model.rows())
    report.bars += [*_read_and_cached(binary, bench.bytes(64 * MIB)), *_part_checksums(bench, binary)]
    plans = job_model.plans(build.plan(bench.owner))
    for row in [*job_model.plan_table(plans), *job_model.cost_table(plans)]:
        print(f"| {' | '.join(row)} |")
    return report


def _read_and_cached(binary: Path, size: int) -> list[Bar]:
    with contextlib.ExitStack() as owner:
        server = objects.on_seaweedfs(owner, BUCKET, "object.bin", size)
        function = built(owner, binary, settings(server.endpoint, ROLE, {"BUCKETS": BUCKET}))
        formulas = {"object": cost_model.whole_object(size), "sidecar": cost_model.sidecar(size)}
        return [_bar(function, "object.bin", origin, work) for origin, work in formulas.items()]


def _part_checksums(bench: Bench, binary: Path) -> list[Bar]:
    multiparts = {f"{BUCKET}/parts.bin": (PARTS, PART_SIZE)}
    server = Server(
        bench.owner, build.test_s3(bench.owner, release=not bench.quick), public=[BUCKET], multiparts=multiparts
    )
    function = built(bench.owner, binary, settings(server.endpoint, server.credentials, {"BUCKETS": BUCKET}))
    formula = cost_model.part_checksums(PARTS * PART_SIZE, PART_SIZE)
    assert formula is not None
    return [_bar(function, "parts.bin", "part-checksums", formula)]


def _bar(function: Function, key: str, origin: str, formula: Work) -> Bar:
    line = request_log.ask(function, BUCKET, key, origin)
    told = formula.gets + formula.puts
    off = abs(line["s3_requests"] - told) + abs(line["bytes_read"] - formula.bytes_read)
    return Bar(
        f"{origin}: S3 requests and bytes, difference from the formula's {told} and {formula.bytes_read:,}", off, 0
    )
