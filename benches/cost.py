"""Whether a request takes the S3 requests and the bytes that the formulas of docs/COSTS.md say; prints its tables."""

from benches import cost_model, job_model, objects, request_log
from benches.bench import Bench
from benches.cost_model import MIB
from benches.report import Bar, Report
from scripts.stack import build
from scripts.stack.function import built, settings
from scripts.stack.seaweedfs import ROLE

BUCKET, KEY = "data", "object.bin"
TEXT = """What the formulas of [COSTS.md](COSTS.md) say of an object of 64 MiB, and what the function's log says of it
on SeaweedFS, read and then cached. Part checksums have a section of their own. No dollar is measured."""
COLUMNS = ["origin", "S3 requests", "by the formula", "bytes read", "by the formula"]


def run(bench: Bench) -> Report:
    """The comparison; the tables of requests and of jobs are in the docs, which tests/e2e/test_costs.py compares."""
    report, size = Report("Cost", TEXT, COLUMNS), bench.bytes(64 * MIB)
    server = objects.on_seaweedfs(bench.owner, BUCKET, KEY, size)
    binary = build.release(bench.owner)
    function = built(bench.owner, binary, settings(server.endpoint, ROLE, {"BUCKETS": BUCKET}))
    for origin, formula in {"object": cost_model.whole_object(size), "sidecar": cost_model.sidecar(size)}.items():
        line = request_log.ask(function, BUCKET, KEY, origin)
        requests, read = formula.gets + formula.puts, formula.bytes_read
        found = [line["s3_requests"], requests, line["bytes_read"], read]
        report.rows.append([origin, *(f"{number:,}" for number in found)])
        off = abs(line["s3_requests"] - requests) + abs(line["bytes_read"] - read)
        report.bars.append(Bar(f"{origin}: S3 requests and bytes, difference from the formula's", off, 0))
    plans = job_model.plans(build.plan(bench.owner))
    requests_table = [cost_model.columns(), *cost_model.rows()]
    for row in [*requests_table, *job_model.plan_table(plans), *job_model.cost_table(plans)]:
        print(f"| {' | '.join(row)} |")
    return report
