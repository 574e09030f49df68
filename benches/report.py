"""What a benchmark found out: rows, the bars they are held to, and figures for the plots."""

import json
import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.stack import tools

# The columns of a line of the docs; tests/docs holds the pages to it.
WIDTH = 120
# Where `make bench` leaves its reports.
FOLDER = tools.ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "bench"


@dataclass(frozen=True)
class Bar:
    """A figure and the budget it has to keep."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the figure is within the budget."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        relation = "at least" if self.at_least else "at most"
        return f"{self.what}: {self.value:.2f}, {relation} {self.limit:g}: {'kept' if self.is_kept else 'NOT KEPT'}"


@dataclass
class Report:
    """The figures of one question, ready for docs/BENCHMARKS.md."""

    title: str
    text: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    # Figures for the plots and the cost table, by name.
    figures: dict[str, object] = field(default_factory=dict)

    def markdown(self) -> str:
        """A section: what was done, the table, and the limits that were not kept."""
        lines = [f"### {self.title}", "", wrapped(self.text), "", _row(self.columns), _row("---" for _ in self.columns)]
        lines += [_row(row) for row in self.rows]
        missed = [bar for bar in self.bars if not bar.is_kept]
        if self.bars:
            lines += ["", f"Of {len(self.bars)} limits, {len(self.bars) - len(missed)} are kept."]
            lines += ["", *(f"* {bar}" for bar in missed)] if missed else []
        return "\n".join(lines) + "\n"

    def save(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Report":
        """What `save` wrote."""
        saved = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**saved, "bars": [Bar(**bar) for bar in saved["bars"]]})


def wrapped(text: str) -> str:
    """`text` in lines that fit the page. Paragraphs and items of lists stay apart."""
    blocks = re.split(r"(\n\n|\n(?=\* ))", text)
    return "".join(block if block.isspace() else _filled(block) for block in blocks)


def _filled(block: str) -> str:
    indent = "  " if block.startswith("* ") else ""
    return textwrap.fill(block, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
