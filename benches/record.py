"""`make bench-record`: writes the figures of the last `make bench` into docs/BENCHMARKS.md, and the plots beside it.

What stands between the two marks there is made here; the words around it are people's.
"""

import datetime
import re
import shutil
import sys
from pathlib import Path

from benches import machine
from benches.__main__ import NAMES
from benches.report import FOLDER, Report, wrapped
from scripts.stack import tools
from scripts.stack.errors import StackError

DOCUMENT = tools.ROOT / "docs" / "BENCHMARKS.md"
PLOTS = tools.ROOT / "docs" / "plots"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
# Behind which report each plot stands.
PLOT_OF = {
    "scaling": ("throughput", "Throughput against concurrency"),
    "swarm": ("egress", "Egress for each download, by the number of web seeds"),
    "cost": ("bytes-read", "Bytes of the object that are read, by origin"),
    "job_plan": ("job-seconds", "How long a job takes, by the object's size"),
}


def main() -> None:
    """All reports, in the order in which they are made; one that is missing is an error."""
    missing = [name for name in NAMES if not (FOLDER / f"{name}.json").exists()]
    missing += [f"{plot}.svg" for plot, _ in PLOT_OF.values() if not (FOLDER / f"{plot}.svg").exists()]
    if missing:
        raise StackError(f"{', '.join(missing)}: no results yet: run `make bench` first")
    parts = [_made(), *(_section(name) for name in NAMES)]
    DOCUMENT.write_text(between_marks(DOCUMENT.read_text(encoding="utf-8"), "\n".join(parts)), encoding="utf-8")
    PLOTS.mkdir(exist_ok=True)
    for plot, _ in PLOT_OF.values():
        shutil.copyfile(FOLDER / f"{plot}.svg", PLOTS / f"{plot}.svg")
    print(f"Written: {DOCUMENT}, {PLOTS}")


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
    if name in PLOT_OF:
        plot, what = PLOT_OF[name]
        section += f"\n![{what}](plots/{plot}.svg)\n"
    return section


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"get-object-torrent: {error}")
