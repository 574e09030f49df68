"""What every benchmark gets: how large it is, and an owner of all it starts."""

import contextlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """One run. A quick one shows only that the benchmark works: its figures are worth nothing."""

    owner: contextlib.ExitStack
    quick: bool

    def runs(self, usual: int) -> int:
        """How often to repeat."""
        return 1 if self.quick else usual

    def bytes(self, usual: int) -> int:
        """How large an object to take."""
        return min(usual, 32 * 1024 * 1024) if self.quick else usual


def spread(values: Sequence[float], text: Callable[[float], str] = "{:.2f}".format) -> str:
    """The median, with the least and the most where there are several."""
    median = text(statistics.median(values))
    return median if len(values) == 1 else f"{median} ({text(min(values))}–{text(max(values))})"
