"""ministack 1.5.33 with its faults made good: `python -m faults` is `ministack`.

Each function that is put in the place of another makes good one fault in which the template is right, and says what is
wrong. It may go once ministack does the same by itself: take it out and run the tests. For another version of
ministack, all tests of this folder must pass; a name that is gone there ends the server at its start.
"""

import functools
import sys
from collections.abc import Callable


def instead_of(original: Callable) -> Callable[[Callable], Callable]:
    """Puts a function, which gets `original` first, in its place in every module of ministack that has it by name."""

    def replace(changed: Callable) -> Callable:
        replacement = functools.partial(changed, original)
        for module in [module for name, module in sys.modules.items() if name.startswith("ministack")]:
            for name in [name for name, value in vars(module).items() if value is original]:
                setattr(module, name, replacement)
        return changed

    return replace
