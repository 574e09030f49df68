"""Many first requests for one object at the same moment: how often it is read, and what bounds that."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from benches import cost_model, load_objects, machine
from benches.bench import Bench, spread
from benches.load_objects import BUCKET, Stored
from benches.objects import MIB
from benches.report import Bar, Report
from benches.stampede_case import TORRENTS, Case, Ended
from scripts.stack import build
from scripts.stack.seaweedfs import SeaweedFS

CALLERS, FEW = 50, 10
SIZE = 64 * MIB
ROUNDS = 3
# The most that are asked at once in a quick run.
QUICK_CALLERS, QUICK_FEW = 8, 2

TEXT = """The first request for an object of {size} MiB on SeaweedFS, alone (the baseline) and by {callers} callers at
the same moment. Each case has new instances and no sidecar. An instance is a process of the release binary, which
answers one request at a time. Lambda has one for each simultaneous request, or turns the request away if
`ReservedConcurrency` allows no more; here the request waits instead. The job is the workflow by moto's interpreter,
with `INLINE_MAX_SIZE=0` and one function at a time.

Object, sidecar and job count the answers by origin. Bytes are those of the object, as multiples of its size: read, by
the functions' logs, and sent, by SeaweedFS's own counters. PUTs are those of sidecars. S3 refuses them (412) if there
is one already, and one that SeaweedFS has not answered after 2 s is abandoned. Seconds are those of the last answer, on
a machine that all instances and the server share. {rounds} round(s): the median (least to most). {others}"""
COLUMNS = (
    "requests",
    "object",
    "sidecar",
    "job",
    "bytes read",
    "bytes sent",
    "ranged GETs",
    "PUTs refused",
    "seconds",
    "times one alone",
)


def run(bench: Bench) -> Report:
    """One alone, all at once, fewer instances, and a job."""
    callers, few = (QUICK_CALLERS, QUICK_FEW) if bench.quick else (CALLERS, FEW)
    size = 4 * MIB if bench.quick else SIZE
    binary, others = build.release(bench.owner), machine.others()
    server = SeaweedFS(bench.owner)
    for bucket in (BUCKET, TORRENTS):
        server.create_bucket(bucket, public=True)
    [stored] = load_objects.store(server, "stampede", [size], cost_model.piece_length(size))
    # The first object in a bucket makes the server set up its volumes.
    server.client().put_object(Bucket=TORRENTS, Key="first")
    cases = (Case(1, 1), Case(callers, callers), Case(callers, few), Case(callers, callers, by_job=True))
    rounds = [[_run(case, binary, server, stored) for case in cases] for _ in range(bench.runs(ROUNDS))]
    text = TEXT.format(size=size // MIB, callers=callers, rounds=len(rounds), others=others)
    report = Report("Stampede", text, COLUMNS)
    for case, ended in zip(cases, zip(*rounds, strict=True), strict=True):
        ratios = [own.seconds / alone.seconds for own, (alone, *_) in zip(ended, rounds, strict=True)]
        report.rows.append(_row(case, ended, ratios, size))
        report.bars += _bars(case, ended, size)
    return report


def _run(case: Case, binary: Path, server: SeaweedFS, stored: Stored) -> Ended:
    with contextlib.ExitStack() as owner:
        ended = case.run(owner, binary, server, stored)
    print(f"{case.name}: {ended.bytes_read:,} bytes, {ended.seconds:.1f} s", flush=True)
    return ended


def _row(case: Case, ended: Sequence[Ended], ratios: Sequence[float], size: int) -> list[str]:
    origins = [_count([own.origins[origin] for own in ended]) for origin in ("object", "sidecar", "job")]
    read, sent = ([getattr(own, counted) / size for own in ended] for counted in ("bytes_read", "bytes_sent"))
    gets, refused = ([getattr(own, counted) for own in ended] for counted in ("gets", "refused"))
    figures = [_count(values) for values in (read, sent, gets, refused)]
    seconds = [own.seconds for own in ended]
    return [case.name, *origins, *figures, spread(seconds), spread(ratios, "{:.1f}".format)]


def _count(values: Sequence[float]) -> str:
    """With a spread only where they differ."""
    return spread(values[:1] if len(set(values)) == 1 else values, "{:g}".format)


def _bars(case: Case, ended: Sequence[Ended], size: int) -> list[Bar]:
    """Each instance reads the object once at most, and a job once for all."""
    surplus = sum(len(own.faults) + own.different_torrents - 1 + abs(own.sidecars - 1) for own in ended)
    read = max(own.bytes_read for own in ended) / size
    unread = sum(abs(own.bytes_sent - own.bytes_read) for own in ended)
    return [
        Bar(f"{case.name}: failed answers, surplus torrents and sidecars", surplus, 0),
        Bar(f"{case.name}: bytes read, times the object", read, 1 if case.by_job else case.instances),
        Bar(f"{case.name}: difference of bytes sent and read", unread, 0),
    ]
