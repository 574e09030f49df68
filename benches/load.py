"""Several instances of the function under load: failures among 20,000 answers, memory, and latencies."""

import contextlib
import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from benches import cpu, load_requests, machine
from benches.bench import Bench
from benches.load_callers import Caller, Outcome
from benches.load_requests import BASELINE, BUCKET, HIT, KINDS, PREFLIGHT, REQUESTS_A_ROUND
from benches.objects import KIB, MIB
from benches.report import Bar, Report
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
MOST_GROWTH, MOST_OF_A_HIT = 1.1, 2

# MiB of each instance, after so many requests.
Memory = Mapping[int, Sequence[float]]

TEXT = """{requests:,} requests for the function, by {instances} callers to {instances} instances of the release binary,
each with one request at a time, on SeaweedFS. One request in {round} is the first for its object, whose sidecar was
deleted before. With every {round} comes a GET of a sidecar from SeaweedFS itself: the baseline. Objects are of {sizes}
bytes, with pieces of 16 KiB, so that sidecars are up to 41 KB. A request has failed without an answer, or if status,
origin or info hash are not as expected. The server and the callers share the cores with the function, and all are busy.
A preflight asks nothing of S3: it shows how much of a latency is not the function's.

Resident memory (VmRSS) of each instance in MiB, after so many requests of all together (the median of five looks):

{memory}
"""
COLUMNS = ("request", "how many", "failed", "p50, ms", "p90, ms", "p99, ms", "max, ms", "p50, times the baseline's")


def run(bench: Bench) -> Report:
    """The load, with a pause at each mark, and the report of it."""
    instances, marks = (QUICK_INSTANCES, QUICK_MARKS) if bench.quick else (INSTANCES, MARKS)
    others = machine.others()
    server = SeaweedFS(bench.owner)
    server.create_bucket(BUCKET, public=True)
    env = settings(server.endpoint, ROLE, {"BUCKETS": BUCKET, "PIECE_LENGTH": str(PIECE_LENGTH)})
    function = built(bench.owner, build.release(bench.owner), env, processes=instances)
    callers = [_caller(bench.owner, function, server) for _ in range(instances)]
    # As many callers as instances, so that nobody waits for one.
    hits = callers[0].prepared(load_requests.store(server, "hits", 2 * SIZES, PIECE_LENGTH))
    fresh = [load_requests.store(server, f"misses-{number}", SIZES, PIECE_LENGTH) for number in range(instances)]
    numbers = itertools.count()

    def load(rounds: int) -> None:
        # All callers take from the same.
        shared = itertools.islice(numbers, rounds)
        with ThreadPoolExecutor(instances) as pool:
            list(pool.map(lambda caller, own: caller.run(shared, hits, own), callers, fresh))

    memory = _run(load, function, marks)
    return _report([outcome for caller in callers for outcome in caller.outcomes], memory, others)


def _caller(owner: contextlib.ExitStack, function: Function, server: SeaweedFS) -> Caller:
    caller = Caller(function.endpoint, server)
    owner.callback(caller.close)
    return caller


def _run(load: Callable[[int], None], function: Function, marks: Sequence[int]) -> Memory:
    """Resident memory of each instance at each mark: the median of several looks."""
    done, memory = 0, {}
    for mark in marks:
        load((mark - done) // REQUESTS_A_ROUND - LOOKS * ROUNDS_A_LOOK)
        looks = []
        for _ in range(LOOKS):
            load(ROUNDS_A_LOOK)
            looks.append([cpu.resident_mib(process.pid) for process in function.processes])
        done, memory[mark] = mark, [statistics.median(own) for own in zip(*looks, strict=True)]
        print(f"after {mark:,} requests: {_listed(memory[mark])}", flush=True)
    return memory


def _report(outcomes: Sequence[Outcome], memory: Memory, others: str) -> Report:
    """A row for each kind of request."""
    looks = "\n".join(f"* {requests:,}: {_listed(own)}; in all {sum(own):.1f}" for requests, own in memory.items())
    sizes = f"{', '.join(f'{size:,}' for size in SIZES[:-1])} and {SIZES[-1]:,}"
    instances = len(memory[max(memory)])
    known = {"requests": max(memory), "instances": instances, "round": REQUESTS_A_ROUND, "sizes": sizes}
    report = Report("Load", TEXT.format(**known, memory=looks) + f"\n{others}", COLUMNS)
    by_kind = {kind: [outcome for outcome in outcomes if outcome.kind == kind] for kind in (*KINDS, BASELINE)}
    p50s = {kind: _percentiles(own)[0] for kind, own in by_kind.items()}
    for kind, own in by_kind.items():
        times = [f"{milliseconds:.1f}" for milliseconds in _percentiles(own)]
        failed = f"{sum(outcome.fault is not None for outcome in own)}"
        report.rows.append([kind, f"{len(own):,}", failed, *times, f"{p50s[kind] / p50s[BASELINE]:.2f}"])
    faults = [f"{outcome.kind}: {outcome.fault}" for outcome in outcomes if outcome.fault]
    print("\n".join(faults[:10]), flush=True)
    report.bars.append(Bar(f"failed requests, of {len(outcomes):,} with the baseline's", len(faults), 0))
    # Since the first mark, and since the one at which each instance had answered a thousand.
    first, *later, last = sorted(memory)
    what = f"resident memory of all instances after {last:,} requests, times that after"
    for mark in (first, *later[:1]):
        report.bars.append(Bar(f"{what} {mark:,}", sum(memory[last]) / sum(memory[mark]), MOST_GROWTH))
    what = "p50 of a hit, times those of a preflight and of the baseline together"
    report.bars.append(Bar(what, p50s[HIT] / (p50s[PREFLIGHT] + p50s[BASELINE]), MOST_OF_A_HIT))
    return report


def _listed(memory: Sequence[float]) -> str:
    return ", ".join(f"{mib:.1f}" for mib in memory)


def _percentiles(outcomes: Sequence[Outcome]) -> tuple[float, float, float, float]:
    """p50, p90, p99 and the maximum, in milliseconds."""
    times = [outcome.seconds * 1000 for outcome in outcomes]
    hundredths = statistics.quantiles(times, n=100, method="inclusive")
    return hundredths[49], hundredths[89], hundredths[98], max(times)
