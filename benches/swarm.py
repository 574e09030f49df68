"""What a swarm saves: how much the web seeds send for each download, by how many of them the torrent names."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benches import machine, objects, swarm_peers, swarm_web_seeds
from benches.bench import Bench, spread
from benches.objects import MIB
from benches.report import Bar, Report
from benches.swarm_run import Case, Result, side_by_side
from scripts.stack import build, temporary

WEB_SEEDS = (1, 2, 3)
# The default of WEB_SEEDS has two. It had three before.
DEFAULT, FORMER = 2, 3
ROUNDS = 3
# The bars are for these.
MOST_ROUNDS = 5
MB = 1_000_000
MOST_EGRESS, MOST_OF_FORMER = 0.50, 0.92

TEXT = """All peers of a swarm download the same file, each with at most {peer:g} MB/s in each direction and otherwise
with libtorrent's own settings. Unless the table says otherwise, they start together and seed until the last one has the
file. The release binary makes the torrents. The web seed is nginx, which sends {web_seed:g} MB/s on a connection and
has one address for each web seed of the torrent. Egress is what nginx sent in bodies for each download, in file sizes:
with plain HTTP it is 1. Without a tracker no peer finds another.

Every download was compared with the file. Seconds and MB/s are those of the median peer. Swarms that differ only in
their web seeds ran side by side. Each figure is the median of {rounds} runs, and of {most_rounds} in the first three
rows. Together the peers used at most {cores:.1f} cores. {others}"""
COLUMNS = ("peers", "tracker", "file, MiB", "web seeds", "egress a download", "seconds", "MB/s")


@dataclass(frozen=True)
class _Group:
    """Swarms that run side by side."""

    name: str
    mib: int
    cases: Sequence[Case]
    rounds: int = ROUNDS


def run(bench: Bench) -> Report:
    """Measures one group of swarms after the other."""
    binary, others = build.release(bench.owner), machine.others()
    groups = _groups(bench.quick)
    folder = temporary.folder(bench.owner, "objects")
    files = {mib: objects.write(folder / f"{mib}.bin", mib * MIB) for mib in {group.mib for group in groups}}
    results = {(group.mib, case): [] for group in groups for case in group.cases}
    cores = 0.0
    for group in groups:
        for _ in range(bench.runs(group.rounds)):
            cores = max(cores, _measure(group, binary, files[group.mib], results))
    known = {
        "peer": swarm_peers.BYTES_PER_SECOND / MB,
        "web_seed": swarm_web_seeds.BYTES_PER_SECOND / MB,
        "rounds": bench.runs(ROUNDS),
        "most_rounds": bench.runs(MOST_ROUNDS),
    }
    report = Report("Swarm", TEXT.format(**known, cores=cores, others=others), COLUMNS)
    report.rows = [_row(mib, case, ended) for (mib, case), ended in results.items()]
    report.bars = _bars(groups[0], results)
    report.figures = {"egress": {group.name: _points(group, results) for group in groups if _varies(group)}}
    return report


def _groups(quick: bool) -> Sequence[_Group]:
    large, small, peers = (4, 1, 3) if quick else (128, 32, 10)
    usual = Case(web_seeds=DEFAULT, libtorrent=peers)
    seeded = replace(usual, seeder=True)
    later = replace(usual, every_seconds=1 if quick else 10)
    return [
        replace(_by_web_seeds(f"{usual.peers}, {large} MiB", large, usual), rounds=MOST_ROUNDS),
        _by_web_seeds(f"{usual.peers}, {small} MiB", small, usual),
        _by_web_seeds("without a tracker", large, replace(usual, tracker=False)),
        _Group("others", large, [later, replace(later, leaves=True), seeded, replace(seeded, web_seeds=1)]),
    ]


def _by_web_seeds(name: str, mib: int, case: Case) -> _Group:
    return _Group(name, mib, [replace(case, web_seeds=web_seeds) for web_seeds in WEB_SEEDS])


def _varies(group: _Group) -> bool:
    return [case.web_seeds for case in group.cases] == list(WEB_SEEDS)


Results = Mapping[tuple[int, Case], list[Result]]


def _measure(group: _Group, binary: Path, file: Path, results: Results) -> float:
    """Adds to `results`, and returns how many cores the peers in this process used."""
    cpu, start = time.process_time(), time.monotonic()
    for case, result in zip(group.cases, side_by_side(group.cases, binary, file), strict=True):
        results[group.mib, case].append(result)
        print(f"{case.peers}, {group.mib} MiB, {case.web_seeds} web seed(s): {result.egress:.2f}", flush=True)
    return (time.process_time() - cpu) / (time.monotonic() - start)


def _row(mib: int, case: Case, ended: Sequence[Result]) -> list[str]:
    return [
        case.peers,
        "yes" if case.tracker else "no",
        f"{mib}",
        f"{case.web_seeds}",
        spread([result.egress for result in ended]),
        spread([result.seconds for result in ended], "{:.0f}".format),
        spread([mib * MIB / MB / result.seconds for result in ended]),
    ]


def _points(group: _Group, results: Results) -> list[tuple[int, float, float, float]]:
    """Web seeds, and the median, the least and the most of the egress."""
    points = []
    for case in group.cases:
        egress = [result.egress for result in results[group.mib, case]]
        points.append((case.web_seeds, statistics.median(egress), min(egress), max(egress)))
    return points


def _bars(usual: _Group, results: Results) -> list[Bar]:
    egress = {case.web_seeds: [result.egress for result in results[usual.mib, case]] for case in usual.cases}
    ratios = [ours / theirs for ours, theirs in zip(egress[DEFAULT], egress[FORMER], strict=True)]
    speeds = [mib * MIB / MB / result.seconds for (mib, _), ended in results.items() for result in ended]
    return [
        Bar(f"{DEFAULT} web seeds: egress a download", statistics.median(egress[DEFAULT]), MOST_EGRESS),
        Bar(f"{DEFAULT} web seeds: egress, times that of {FORMER}", statistics.median(ratios), MOST_OF_FORMER),
        Bar("MB/s of a peer, which its limit allows", max(speeds), swarm_peers.BYTES_PER_SECOND / MB),
    ]
