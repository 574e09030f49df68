"""`make bench`: all benchmarks, or those named (ONLY="reading memory"), into target/bench/."""

import contextlib
import importlib
import os
import sys
from pathlib import Path

from benches.bench import Bench
from benches.report import FOLDER
from scripts.stack import signals, tools
from scripts.stack.errors import StackError

NAMES = (
    "cold_start",
    "cached",
    "tracker",
    "part_checksums",
    "memory",
    "reading",
    "collections",
    "load",
    "swarm",
    "cost",
)

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main(names: list[str]) -> int:
    """Runs them one after the other: each has the machine for itself."""
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"get-object-torrent: no benchmark {', '.join(sorted(unknown))}; choose from: {' '.join(NAMES)}")
        return WRONG_USAGE
    # Whoever stops this gets rid of all that it has started.
    signals.raise_on_stop_signals()
    tools.isolate()
    quick = os.environ.get("QUICK") == "1"
    # Figures that are worth nothing must not get among the others.
    folder = FOLDER / "quick" if quick else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        missed = [bar for name in names or NAMES for bar in _run(name, quick, folder)]
    except signals.Stopped:
        return INTERRUPTED
    except StackError as error:
        print(f"get-object-torrent: {error}", file=sys.stderr)
        return FAILED
    print(f"Reports: {folder}")
    return FAILED if missed and not quick else 0


def _run(name: str, quick: bool, folder: Path) -> list[str]:
    print(f"\n== {name}", flush=True)
    with contextlib.ExitStack() as owner:
        report = importlib.import_module(f"benches.{name}").run(Bench(owner, quick))
    report.save(folder / f"{name}.json")
    print(report.markdown(), *report.bars, sep="\n", flush=True)
    return [str(bar) for bar in report.bars if not bar.is_kept]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
