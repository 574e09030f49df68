"""`make bench-record`: writes the figures of the last `make bench` into docs/BENCHMARKS.md, and the plot beside it.

What stands between the two marks there is made here. The words around it are people's.
"""

import datetime
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from benches import machine
from benches.__main__ import NAMES
from benches.report import FOLDER, Report, wrapped
from scripts.stack import tools
from scripts.stack.errors import StackError

DOCUMENT = tools.ROOT / "docs" / "BENCHMARKS.md"
PLOT = tools.ROOT / "docs" / "plots" / "egress.svg"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
STYLE = {
    # The same figures give the same bytes.
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


def main() -> None:
    """All reports, in the order in which they are made; one that is missing is an error."""
    missing = [name for name in NAMES if not (FOLDER / f"{name}.json").exists()]
    if missing:
        raise StackError(f"{', '.join(missing)}: no results yet: run `make bench` first")
    parts = [_made(), *(_section(name) for name in NAMES)]
    DOCUMENT.write_text(between_marks(DOCUMENT.read_text(encoding="utf-8"), "\n".join(parts)), encoding="utf-8")
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(8, 8), layout="constrained")
        shares(Report.load(FOLDER / "swarm.json"), axes)
        figure.savefig(PLOT, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
    print(f"Written: {DOCUMENT}, {PLOT}")


def between_marks(document: str, text: str) -> str:
    """`document` with `text` between the lines that mark its place."""
    marked = re.compile(rf"^{BEGIN}$.*^{END}$", re.MULTILINE | re.DOTALL)
    if len(marked.findall(document)) != 1:
        raise StackError(f"{DOCUMENT} needs one line {BEGIN}, and one line {END} after it")
    return marked.sub(lambda _: f"{BEGIN}\n\n{text}\n{END}", document)


def _made() -> str:
    times = [_date(FOLDER / f"{name}.json") for name in NAMES]
    days = min(times) if min(times) == max(times) else f"{min(times)} to {max(times)}"
    return wrapped(f"Measured on {days}: {machine.line()}") + "\n"


def _date(path: Path) -> str:
    return datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC).date().isoformat()


def _section(name: str) -> str:
    section = Report.load(FOLDER / f"{name}.json").markdown()
    if name == "swarm":
        section += f"\n![What the web seeds send for each download](plots/{PLOT.name})\n"
    return section


def shares(report: Report, axes: Axes) -> None:
    """What the web seeds send for each download, by swarm and by how many the torrents have."""
    ways: Mapping[str, Sequence[float]] = report.figures["share"]
    names: Sequence[str] = report.figures["swarms"]
    height = 0.8 / len(ways)
    for number, (way, values) in enumerate(ways.items()):
        places = [row + (number - (len(ways) - 1) / 2) * height for row in range(len(names))]
        axes.barh(places, values, height * 0.9, color=COLOURS[number], label=f"web seeds: {way}")
        for place, value in zip(places, values, strict=True):
            axes.text(value + 0.01, place, f"{value:.2f}", ha="left", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("file sizes")
    axes.set_title("What the web seeds send for each download")
    axes.legend(frameon=False, loc="lower right", fontsize=9)


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"get-object-torrent: {error}")
