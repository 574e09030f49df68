"""The plots of docs/BENCHMARKS.md, from the reports in target/bench/: `python -m benches.plots [FOLDER]`.

The same figures give the same bytes: no date, no random ids, and text stays text.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from benches.report import FOLDER, Report

GIB = 1024**3
STYLE = {
    "svg.hashsalt": "get-object-torrent",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    # Pages may be dark.
    "savefig.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
COLOURS = ("#0b6e99", "#d9730d", "#6b6b6b", "#c9c9c9")


def throughput(report: Report, axes: Axes) -> None:
    """Throughput against concurrency, beside what as many connections could give at most."""
    points: Sequence[tuple[int, float]] = report.figures["throughput"]
    concurrency = [number for number, _ in points]
    ideal = [points[0][1] / points[0][0] * number for number in concurrency]
    axes.loglog(concurrency, ideal, linestyle="--", color=COLOURS[2], label="in proportion to the first")
    axes.loglog(concurrency, [speed for _, speed in points], marker="o", color=COLOURS[0], label="measured")
    axes.set_xticks(concurrency, [str(number) for number in concurrency])
    ticks = [10 * 2**power for power in range(20) if points[0][1] / 2 < 10 * 2**power < ideal[-1] * 1.1]
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("FETCH_CONCURRENCY")
    axes.set_ylabel("MB/s")
    axes.set_title("Throughput, 50 ms to the first byte, 20 MB/s a connection")


def bytes_read(report: Report, axes: Axes) -> None:
    """How much of an object is read for its torrent, by where the hashes come from."""
    origins: Mapping[str, Mapping[str, int]] = report.figures["bytes_read"]
    labels = list(next(iter(origins.values())))
    largest = max(max(sizes.values()) for sizes in origins.values()) / GIB
    width = 0.8 / len(origins)
    for number, (origin, sizes) in enumerate(origins.items()):
        places = [group + (number - (len(origins) - 1) / 2) * width for group in range(len(labels))]
        values = [sizes[label] / GIB for label in labels]
        axes.bar(places, values, width * 0.9, color=COLOURS[number % len(COLOURS)], label=origin)
        for place, value in zip(places, values, strict=True):
            # A logarithmic axis has no zero.
            axes.text(place, max(value * 1.15, 0.12), f"{value:,.0f}", ha="center", va="bottom")
    axes.set_yscale("log")
    axes.set_ylim(0.1, largest * 4)
    axes.set_xticks(range(len(labels)), labels)
    axes.minorticks_off()
    axes.set_xlabel("object")
    axes.set_ylabel("GiB read")
    axes.set_title("Bytes of the object read for its torrent, by origin")


def egress(report: Report, axes: Axes) -> None:
    """What the web seeds send for each download, by how many there are; lines reach from the least to the most."""
    swarms: Mapping[str, Sequence[tuple[int, float, float, float]]] = report.figures["egress"]
    width = 0.8 / len(swarms)
    for number, (name, points) in enumerate(swarms.items()):
        places = [count + (number - (len(swarms) - 1) / 2) * width for count, *_ in points]
        medians = [median for _, median, _, _ in points]
        errors = [[median - least for _, median, least, _ in points], [most - median for _, median, _, most in points]]
        axes.bar(places, medians, width * 0.9, yerr=errors, capsize=2, color=COLOURS[number], label=name)
        for place, (_, median, _, most) in zip(places, points, strict=True):
            axes.text(place, most + 0.03, f"{median:.2f}", ha="center", va="bottom", fontsize=9)
    axes.set_ylim(0, 1.7)
    axes.set_xticks([count for count, *_ in next(iter(swarms.values()))])
    axes.set_xlabel("web seeds in the torrent")
    axes.set_ylabel("file sizes")
    axes.set_title("Egress of the web seeds for each download")
    axes.legend(frameon=False, loc="upper left", ncols=2)


def job_seconds(report: Report, axes: Axes) -> None:
    """How long a job takes by the model, against how many functions hash at a time."""
    objects: Mapping[str, Sequence[tuple[int, float]]] = report.figures["seconds"]
    # The largest at the top, as its line is.
    for number, (name, points) in enumerate(reversed(objects.items())):
        shade = str(0.75 * number / len(objects))
        axes.loglog(
            [concurrency for concurrency, _ in points],
            [seconds for _, seconds in points],
            marker="o",
            color=COLOURS[0] if number == 0 else shade,
            label=name,
        )
    ticks = {10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h"}
    concurrencies = [concurrency for concurrency, _ in next(iter(objects.values()))]
    axes.set_xticks(concurrencies, [f"{concurrency:,}" for concurrency in concurrencies])
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.minorticks_off()
    axes.set_xlabel("functions at a time (JOB_CONCURRENCY)")
    axes.set_title("How long a job takes, by a model: 75 MB/s a function")
    # The lines fall from the left.
    axes.legend(frameon=False, loc="upper right", ncols=2)


# The plot's name, and the report that has its figures.
PLOTS: Mapping[str, tuple[str, Callable[[Report, Axes], None]]] = {
    "throughput": ("scaling", throughput),
    "egress": ("swarm", egress),
    "bytes-read": ("cost", bytes_read),
    "job-seconds": ("job_plan", job_seconds),
}


def main(folder: Path) -> None:
    """Draws what there are figures for, and says what is missing."""
    for name, (source, draw) in PLOTS.items():
        report = folder / f"{source}.json"
        if not report.exists():
            print(f"get-object-torrent: no {name}.svg, because {report} is missing: run `make bench ONLY={source}`")
            continue
        _save(Report.load(report), draw, folder / f"{name}.svg")
        print(f"Plot: {folder / name}.svg")


def _save(report: Report, draw: Callable[[Report, Axes], None], path: Path) -> None:
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
        draw(report, axes)
        if axes.get_legend() is None:
            axes.legend(frameon=False, loc="upper left")
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


if __name__ == "__main__":
    usual = FOLDER / "quick" if os.environ.get("QUICK") == "1" else FOLDER
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else usual)
