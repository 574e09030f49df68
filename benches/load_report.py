"""The table of the load, and its bars."""

import statistics
from collections.abc import Mapping, Sequence

from benches.load_callers import Outcome
from benches.load_requests import BASELINE, HIT, KINDS, PREFLIGHT, REQUESTS_A_ROUND
from benches.report import Bar, Report

# MiB of each instance, after so many requests.
Memory = Mapping[int, Sequence[float]]

MOST_GROWTH = 1.1
MOST_OF_A_HIT = 2
FAULTS_SHOWN = 10

TEXT = """{requests:,} requests for the function, by {instances} callers to {instances} instances. An instance is a
process of the release binary behind a stand-in for the Lambda service, with one request at a time, on SeaweedFS. One
request in {round} is the first for its object, whose sidecar was deleted before. With every {round} comes a GET of a
sidecar from SeaweedFS itself: the baseline. Objects are of {sizes} bytes, with pieces of 16 KiB, so that sidecars are
up to 41 KB, as those of 1 GiB are.

A request has failed if it has no answer, if status or origin is another than expected, or if the torrent does not have
the info hash that hashlib found before. Latencies are the callers' own. The stand-in (Python), the server and the
callers share the cores with the function, and all are busy. A preflight asks nothing of S3: it shows how much of a
latency is not the function's.

Resident memory (VmRSS) of each instance in MiB, after so many requests of all together:

{memory}

Each is the median of five looks during the last 500 requests, at idle instances."""
COLUMNS = ("request", "how many", "failed", "p50, ms", "p90, ms", "p99, ms", "max, ms", "p50, times the baseline's")


def of(outcomes: Sequence[Outcome], memory: Memory, sizes: Sequence[int]) -> Report:
    """A row for each kind of request."""
    by_kind = {kind: [outcome for outcome in outcomes if outcome.kind == kind] for kind in (*KINDS, BASELINE)}
    p50s = {kind: _percentiles(own)[0] for kind, own in by_kind.items()}
    report = Report("Load", _text(memory, sizes), COLUMNS)
    for kind, own in by_kind.items():
        times = [f"{milliseconds:.1f}" for milliseconds in _percentiles(own)]
        failed = f"{sum(outcome.fault is not None for outcome in own)}"
        report.rows.append([kind, f"{len(own):,}", failed, *times, f"{p50s[kind] / p50s[BASELINE]:.2f}"])
    report.bars += [_failed(outcomes), *_growth(memory)]
    what = "p50 of a hit, times those of a preflight and of the baseline together"
    report.bars.append(Bar(what, p50s[HIT] / (p50s[PREFLIGHT] + p50s[BASELINE]), MOST_OF_A_HIT))
    report.figures = {"memory_mib": memory, "p50_ms": p50s}
    return report


def listed(memory: Sequence[float]) -> str:
    """For people."""
    return ", ".join(f"{mib:.1f}" for mib in memory)


def _text(memory: Memory, sizes: Sequence[int]) -> str:
    looks = "\n".join(f"* {requests:,}: {listed(own)}; in all {sum(own):.1f}" for requests, own in memory.items())
    return TEXT.format(
        requests=max(memory),
        instances=len(memory[max(memory)]),
        round=REQUESTS_A_ROUND,
        sizes=f"{', '.join(f'{size:,}' for size in sizes[:-1])} and {sizes[-1]:,}",
        memory=looks,
    )


def _failed(outcomes: Sequence[Outcome]) -> Bar:
    faults = [f"{outcome.kind}: {outcome.fault}" for outcome in outcomes if outcome.fault]
    for fault in faults[:FAULTS_SHOWN]:
        print(fault, flush=True)
    return Bar(f"failed requests, of {len(outcomes):,} with the baseline's", len(faults), 0)


def _growth(memory: Memory) -> list[Bar]:
    """Since the first mark, and since the one at which each instance had answered a thousand."""
    first, *later, last = sorted(memory)
    totals = {mark: sum(own) for mark, own in memory.items()}
    what = f"resident memory of all instances after {last:,} requests, times that after"
    return [Bar(f"{what} {mark:,}", totals[last] / totals[mark], MOST_GROWTH) for mark in (first, *later[:1])]


def _percentiles(outcomes: Sequence[Outcome]) -> tuple[float, float, float, float]:
    """p50, p90, p99 and the maximum, in milliseconds."""
    times = [outcome.seconds * 1000 for outcome in outcomes]
    hundredths = statistics.quantiles(times, n=100, method="inclusive")
    return hundredths[49], hundredths[89], hundredths[98], max(times)
