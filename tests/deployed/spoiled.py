"""A server before an endpoint, which can spoil requests and answers as a deployment does that is not right."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from scripts.stack.gateways import Request, Response
from scripts.stack.runtime_api import Handler, serve
from scripts.verify import wire

Ask = Callable[[Request], Response]
Fault = Callable[[Request, Ask], Response]
# These belong to a connection.
OWN = ("connection", "content-length", "host", "keep-alive", "transfer-encoding")


class Front:
    """The server. Without a fault it changes nothing."""

    def __init__(self, owner: contextlib.ExitStack, endpoint: str) -> None:
        self._fault: Fault = lambda request, ask: ask(request)
        self._upstream = endpoint
        handler = type(_Client.__name__, (_Client,), {"front": self})
        self.endpoint = f"http://{serve(owner, handler)}"

    @contextlib.contextmanager
    def spoiled(self, fault: Fault) -> Iterator[None]:
        """Has the fault until the end of the block."""
        before, self._fault = self._fault, fault
        try:
            yield
        finally:
            self._fault = before

    def answer(self, request: Request) -> Response:
        """What a client gets."""
        return self._fault(request, self._ask)

    def _ask(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        answer = wire.ask(self._upstream + request.target, request.method, headers)
        kept = [(name.lower(), value) for name, value in answer.headers.items() if name.lower() not in OWN]
        return Response(answer.status, kept, answer.body)


class _Client(Handler):
    front: Front

    # Without headers of its own.
    send_response = Handler.send_response_only

    def _answer(self) -> None:
        self.read_body()
        target = self.requestline.split(" ")[1]
        self.send(self.front.answer(Request(self.command, target, self.headers)))

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_DELETE = do_PROPFIND = _answer


def target(change: Callable[[str], str]) -> Fault:
    """The function gets another path and query."""
    return lambda request, ask: ask(replace(request, target=change(request.target)))


def path(change: Callable[[str], str]) -> Fault:
    """The function gets another path."""
    return target(lambda target: "?".join([change(target.partition("?")[0]), target.partition("?")[2]]))


def body(change: Callable[[bytes], bytes]) -> Fault:
    """Clients get other bytes."""

    def fault(request: Request, ask: Ask) -> Response:
        answer = ask(request)
        return replace(answer, body=change(answer.body))

    return fault


def header(name: str, value: str, method: str = "") -> Fault:
    """Clients get another header, or only those who use `method`."""

    def fault(request: Request, ask: Ask) -> Response:
        answer = ask(request)
        others = [pair for pair in answer.headers if pair[0] != name]
        return replace(answer, headers=[*others, (name, value)]) if method in ("", request.method) else answer

    return fault


def status(status: int) -> Fault:
    """API Gateway answers by itself, without a header that anyone needs."""
    headers = [("content-type", "application/json"), ("x-amzn-errortype", "SomeException")]
    return lambda request, ask: Response(status, headers, b'{"message":null}')
