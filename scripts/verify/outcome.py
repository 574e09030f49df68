"""What a check is, and how it can end."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from scripts.verify.stack import Stack


class Differs(Exception):
    """The stack does not do what the docs promise. The message says what it does."""


class NotTried(Exception):
    """The check could not be tried. The message says why."""


class Verdict(StrEnum):
    """How a check ended."""

    AS_PROMISED = "as promised"
    DIFFERS = "differs"
    NOT_TRIED = "could not be tried"


@dataclass(frozen=True)
class Line:
    """One line of the output."""

    title: str
    verdict: Verdict
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.verdict}{self.detail and ': '}{' '.join(self.detail.split())}"


@dataclass(frozen=True)
class Check:
    """What makes one line. `run` may return a detail that is worth reading."""

    title: str
    run: Callable[["Stack"], str | None]

    def made(self, stack: "Stack") -> Line:
        """Makes the check. No answer of the stack ends the run."""
        try:
            return Line(self.title, Verdict.AS_PROMISED, self.run(stack) or "")
        except Differs as difference:
            return Line(self.title, Verdict.DIFFERS, str(difference))
        except NotTried as reason:
            return Line(self.title, Verdict.NOT_TRIED, str(reason))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            return Line(self.title, Verdict.DIFFERS, f"an answer cannot be read: {error!r}")
        except (BotoCoreError, ClientError) as error:
            return Line(self.title, Verdict.NOT_TRIED, f"S3 refuses what the check needs: {error}")
