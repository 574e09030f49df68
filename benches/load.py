"""Several instances of the function under load: no wrong answer among 20,000, memory that stays, and latencies."""

import contextlib
import statistics
from collections.abc import Sequence

from benches import cpu, load_objects, load_report, machine
from benches.bench import Bench
from benches.load_callers import Load
from benches.load_objects import BUCKET
from benches.load_report import Memory
from benches.load_requests import REQUESTS_A_ROUND
from benches.objects import KIB, MIB
from benches.report import Report
from scripts.stack import build
from scripts.stack.function import Function, built, settings
from scripts.stack.seaweedfs import ROLE, SeaweedFS

INSTANCES, QUICK_INSTANCES = 4, 2
# After so many requests the memory is told.
MARKS, QUICK_MARKS = (1_000, 4_000, 10_000, 20_000), (500, 1_000)
# So often up to each mark, with so many rounds between: memory goes up and down with what was read last.
LOOKS, ROUNDS_A_LOOK = 5, 5
# As many pieces as 1 GiB has by default: sidecars of up to 41 KB.
PIECE_LENGTH = 16 * KIB
SIZES = (1, 300_000, 5 * MIB + 1, 32 * MIB)


def run(bench: Bench) -> Report:
    """The load, with a pause at each mark, and the report of it."""
    instances, marks = (QUICK_INSTANCES, QUICK_MARKS) if bench.quick else (INSTANCES, MARKS)
    others = machine.others()
    server = SeaweedFS(bench.owner)
    server.create_bucket(BUCKET, public=True)
    env = settings(server.endpoint, ROLE, {"BUCKETS": BUCKET, "PIECE_LENGTH": str(PIECE_LENGTH)})
    function = built(bench.owner, build.release(bench.owner), env, processes=instances)
    load = _load(bench.owner, function, server)
    memory = _run(load, function, marks)
    report = load_report.of(load.outcomes, memory, SIZES)
    report.text += f"\n{others}"
    return report


def _load(owner: contextlib.ExitStack, function: Function, server: SeaweedFS) -> Load:
    """As many callers as instances, so that nobody waits for one."""
    hits = load_objects.store(server, "hits", 2 * SIZES, PIECE_LENGTH)
    callers = range(len(function.processes))
    fresh = [load_objects.store(server, f"misses-{number}", SIZES, PIECE_LENGTH) for number in callers]
    load = Load(function.endpoint, server, hits, fresh)
    owner.callback(load.close)
    return load


def _run(load: Load, function: Function, marks: Sequence[int]) -> Memory:
    """Resident memory of each instance at each mark."""
    done, memory = 0, {}
    for mark in marks:
        load.run((mark - done) // REQUESTS_A_ROUND - LOOKS * ROUNDS_A_LOOK)
        memory[mark] = _resident(load, function)
        done = mark
        print(f"after {mark:,} requests: {load_report.listed(memory[mark])}", flush=True)
    return memory


def _resident(load: Load, function: Function) -> list[float]:
    """Of each instance the median of several looks."""
    looks = []
    for _ in range(LOOKS):
        load.run(ROUNDS_A_LOOK)
        looks.append([cpu.resident_mib(process.pid) for process in function.processes])
    return [statistics.median(own) for own in zip(*looks, strict=True)]
