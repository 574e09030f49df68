"""What a swarm saves on links as people have them: what the web seeds send for each download, and how long it takes."""

import statistics
import time
from collections.abc import Mapping, Sequence

from benches import machine, swarm_model
from benches.bench import Bench, spread
from benches.report import Bar, Report
from benches.swarm_model import MIB, Crowd
from benches.swarm_peers import Link
from benches.swarm_run import ENOUGH, TIME_SCALE, WAYS, Case, Result, side_by_side
from benches.swarm_web_seeds import BYTES_PER_SECOND

MB = 1_000_000
ROUNDS = 3
ALWAYS = "2"
# Between a share of the model and a measured one.
MOST_OFF = 0.1

TEXT = """All peers of a swarm download the same file with libtorrent's own settings, but for the rates of their links:
MB/s down and up. Each has an address of its own. The release binaries make the torrents and are the tracker,
on moto's table. The tracker's time runs {times:.0f} times as fast as on AWS. The web seed is nginx, which
sends {web_seed:g} MB/s on a connection. The share is what it sent in bodies for each download, in file sizes:
with plain HTTP it is 1. Torrents have two web seeds, or one, or two while they are needed, with half of a
line as `ENOUGH_SPEED`. The three ran side by side.

Who leaves does so at once. In the swarms where a third stays, it stays for as long as its download took. Every
download was compared with the file. Seconds are those of the mean download. Swarms that start at once ran {rounds}
times: medians are shown, and of shares the least and the most. Together the peers used at most {cores:.1f} cores.
{others}"""
COLUMNS = ("swarm", "down / up", "file, MiB", *(f"web seeds: {way}" for way in WAYS))

Results = Mapping[str, list[Result]]


def run(bench: Bench) -> Report:
    """One kind of swarm after the other."""
    others, cores = machine.others(), 0.0
    results: dict[Case, Results] = {}
    for group, rounds in groups(bench.quick):
        for _ in range(bench.runs(rounds)):
            cpu, start = time.process_time(), time.monotonic()
            for case, ended in side_by_side(group).items():
                for way, result in ended.items():
                    results.setdefault(case, {way: [] for way in WAYS})[way].append(result)
                    print(f"{case.name}, {case.mib} MiB, {way}: {result.share:.2f}, {result.mean:.1f} s", flush=True)
            cores = max(cores, (time.process_time() - cpu) / (time.monotonic() - start))
    known = {"times": 1 / TIME_SCALE, "web_seed": BYTES_PER_SECOND / MB, "rounds": bench.runs(ROUNDS)}
    report = Report("Swarm", TEXT.format(**known, cores=cores, others=others), COLUMNS)
    report.rows = [_row(case, ended) for case, ended in results.items()]
    report.bars = [] if bench.quick else _bars(results)
    report.figures = {"share": {way: [_point(ended[way]) for ended in results.values()] for way in WAYS}}
    report.figures["swarms"] = [f"{case.name}\n{_link(case)}, {case.mib} MiB" for case in results]
    return report


def groups(quick: bool) -> Sequence[tuple[Sequence[Case], int]]:
    """What runs side by side, and how often. Links of 1:1, 1:4 and 1:10, then arrivals."""
    if quick:
        fast = Link(8 * MB, 2 * MB)
        return [([Case("at once", fast, 4, 3), Case("who stay", fast, 4, 3, 1, seeders=1, seeder=fast)], 1)]
    small, large = (
        [Case("ten at once", Link(down, down // part), mib) for part in (1, 4, 10)]
        for down, mib in ((2 * MB, 32), (8 * MB, 128))
    )
    home, slow = small[1].link, small[2].link
    arrivals = [
        Case("one every 10 s", home, 32, 40, 10),
        Case("one every 10 s", slow, 32, 40, 10),
        Case("one every 10 s, a third stays", home, 32, 40, 10, stays=(1, 0, 0)),
        Case("one every 10 s leaves, beside a seed box", home, 32, 20, 10, (0,), 1, Link(8 * MB, 6 * MB)),
    ]
    others = [
        Case("one every 12 s", large[1].link, 128, 16, 12),
        Case("beside ten seeders", home, 64, 1, seeders=10, seeder=home),
    ]
    return [(small, ROUNDS), *(([case], ROUNDS) for case in large), (arrivals, 1), (others, 1)]


def _link(case: Case) -> str:
    return f"{case.link.down / MB:g} / {case.link.up / MB:g}"


def _row(case: Case, ended: Results) -> list[str]:
    return [case.name, _link(case), f"{case.mib}", *(_cell(ended[way]) for way in WAYS)]


def _cell(ended: Sequence[Result]) -> str:
    seconds = statistics.median(result.mean for result in ended)
    return f"{spread([result.share for result in ended])}, {seconds:.0f} s"


def _point(ended: Sequence[Result]) -> float:
    return statistics.median(result.share for result in ended)


def _bars(results: Mapping[Case, Results]) -> list[Bar]:
    """Shares, and times beside those of web seeds always."""
    limits = {"one every 10 s": (0.20, 1.15), "one every 12 s": (0.30, 1.15), "beside ten seeders": (0.005, 1.25)}
    bars = []
    for case, ended in results.items():
        most, slower = limits.get(case.name, (0.15 if "box" in case.name else 1, 1.25))
        if case.link.up * 10 == case.link.down:
            most, slower = 1, 1.25
        if case.every_seconds or case.seeders:
            name = f"{case.name}, {_link(case)}: with web seeds while needed"
            [ours], [always] = ended[ENOUGH], ended[ALWAYS]
            bars += [
                Bar(f"{name}, share", ours.share, most),
                Bar(f"{name}, times as long", ours.mean / always.mean, slower),
            ]
        if case.name in limits and case.peers > 1:
            off = max(abs(_modelled(case, way) - ended[way][0].share) for way in (ALWAYS, ENOUGH))
            bars.append(Bar(f"{name}: the model is off by", off, MOST_OFF))
    return bars


def _modelled(case: Case, way: str) -> float:
    stay = swarm_model.STAY * TIME_SCALE
    link, seeding = case.link, case.stays[0] * case.mib * MIB / case.link.down
    every, peers = case.every_seconds, case.peers
    crowd = Crowd(case.mib * MIB, link.down, link.up, seeding, every, peers, stay=stay, is_regular=True)
    return swarm_model.simulate(crowd, case.enough_speed if way == ENOUGH else 0)[0]
