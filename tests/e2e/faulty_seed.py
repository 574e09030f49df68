"""A web seed that fails as S3 can."""

import contextlib
import threading
from http import HTTPStatus

from scripts.stack.gateways import Response
from scripts.stack.runtime_api import Handler, serve

_CORS = [("access-control-allow-origin", "*"), ("access-control-allow-headers", "cache-control, user-agent, range")]
# An error document as long as a small piece: none of it may count as progress.
_DOCUMENT = b"<Error><Code>Any</Code><Message>" + b"x" * 300_000 + b"</Message></Error>"


class FaultySeed:
    """Serves one object, until it is told to fail."""

    def __init__(self, owner: contextlib.ExitStack, key: str, body: bytes) -> None:
        self.key, self.body = key, body
        self._fault: int | str | None = None
        self._served_first = 0
        self._changed = threading.Condition()
        # GETs since it was last told what to do.
        self.requests = 0
        self.template = f"http://{serve(owner, type('_Seed', (_Seed,), {'seed': self}))}/{{bucket}}/{{key}}"
        owner.callback(self.heal)

    def fail(self, fault: int | str, served_first: int = 0) -> None:
        """Answers with a status, never (`silence`) or by closing the connection (`end`), after so many good answers."""
        with self._changed:
            self._fault, self._served_first, self.requests = fault, served_first, 0

    def heal(self) -> None:
        """Serves all again."""
        with self._changed:
            self._fault, self.requests = None, 0
            self._changed.notify_all()

    def answer(self, content_range: str) -> Response | None:
        """What to send for a range; `None` for nothing."""
        with self._changed:
            self.requests += 1
            fault = self._fault if self.requests > self._served_first else None
            if fault == "silence":
                self._changed.wait_for(lambda: self._fault is None)
        if fault is None:
            first, last = map(int, content_range.removeprefix("bytes=").split("-"))
            return Response(HTTPStatus.PARTIAL_CONTENT, _CORS, self.body[first : last + 1])
        return Response(fault, _CORS, _DOCUMENT) if isinstance(fault, int) else None


class _Seed(Handler):
    seed: FaultySeed

    def do_OPTIONS(self) -> None:
        """Preflights never fail."""
        self.send(Response(HTTPStatus.NO_CONTENT, _CORS, b""))

    def do_GET(self) -> None:
        """One range of the object."""
        response = self.seed.answer(self.headers["range"])
        if response:
            self.send(response)
        else:
            self.close_connection = True
