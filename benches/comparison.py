"""Ours against a baseline, in turns, so that what else the machine does hits both."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benches.bench import spread
from benches.cpu import Usage
from benches.report import Bar, Report

COLUMNS = ("server", "object, GiB", "baseline", "figure", "function", "baseline's", "ratio")


@dataclass(frozen=True)
class Figure:
    """What is compared. `most` is the bar for the ratio to the baseline's, `times_less` one for its inverse."""

    name: str
    value: Callable[[Usage], float]
    most: float | None = None
    times_less: float | None = None
    per_gib: bool = False


def cpu_seconds(most: float | None = None) -> Figure:
    """User and system time."""
    return Figure("CPU, s/GiB", lambda usage: usage.cpu, most=most, per_gib=True)


def wall_seconds(most: float | None = None, times_less: float | None = None) -> Figure:
    """From the request to the answer."""
    return Figure("wall, s", lambda usage: usage.wall, most=most, times_less=times_less)


def peak_memory(times_less: float | None = None) -> Figure:
    """Of the process."""
    return Figure("peak memory, MiB", lambda usage: usage.peak_mib, times_less=times_less)


@dataclass(frozen=True)
class Comparison:
    """A baseline, and the figures it is asked for."""

    name: str
    baseline: Callable[[], Usage]
    figures: Sequence[Figure]


def add(report: Report, server: str, gib: float, ours: Callable[[], Usage], comparison: Comparison, runs: int) -> None:
    """Runs both in turns, and adds a row a figure, and the bars."""
    pairs = [(ours(), comparison.baseline()) for _ in range(runs)]
    for figure in comparison.figures:
        scale = gib if figure.per_gib else 1
        mine = [figure.value(usage) / scale for usage, _ in pairs]
        theirs = [figure.value(usage) / scale for _, usage in pairs]
        # Each run of ours with the baseline's that came right after it.
        ratios = [own / other for own, other in zip(mine, theirs, strict=True)]
        values = [spread(mine), spread(theirs), spread(ratios)]
        report.rows.append([server, f"{gib:g}", comparison.name, figure.name, *values])
        what = f"{figure.name.partition(',')[0]} on {server}, {gib:g} GiB, against {comparison.name}"
        if figure.most is not None:
            report.bars.append(Bar(what, statistics.median(ratios), figure.most))
        if figure.times_less is not None:
            times = statistics.median(1 / ratio for ratio in ratios)
            report.bars.append(Bar(f"{what}, times less", times, figure.times_less, at_least=True))
