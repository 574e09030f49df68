"""A stand-in for the Lambda service: the runtime API to a function, HTTP to its clients, both on 127.0.0.1.

`cargo lambda watch` is one, too, and what `make run` uses. But it answers the function before it has read what
the function sent, so that about one response in a thousand is lost (`respond_to_next_invocation` of 1.9.2): too
many for a test suite.
Runtime API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.
"""

import contextlib
import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripts.stack.gateways import Event, Gateway, Request, Response, response
from scripts.stack.ports import LOOPBACK

# The timeout of the function in template.yaml.
LAMBDA_SECONDS = 30
FAILED = Response(502, [("content-type", "application/json")], b'{"message": "Internal server error"}')


@dataclass
class _Invocation:
    event: Event
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    # Holds the one answer; `None` for a Lambda error.
    answer: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)


class LambdaService:
    """Serves one function behind one kind of gateway, until `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack, gateway: Gateway, timeout_seconds: float = LAMBDA_SECONDS) -> None:
        self._gateway = gateway
        self.timeout_seconds = timeout_seconds
        self._waiting: queue.SimpleQueue[_Invocation | None] = queue.SimpleQueue()
        self._running: dict[str, _Invocation] = {}
        self.endpoint = f"http://{_serve(owner, self._handler(_Client))}"
        self.runtime_api = _serve(owner, self._handler(_Runtime))
        # Wakes the function's call for the next event, so that its thread ends.
        owner.callback(self._waiting.put, None)

    def invoke(self, request: Request) -> Response:
        """The function's answer to an HTTP request."""
        answer = self.call(self._gateway(request))
        return FAILED if answer is None else response(answer)

    def call(self, event: Event) -> bytes | None:
        """What the function makes of an event; `None` for an error, or for no answer in time."""
        invocation = _Invocation(event)
        self._waiting.put(invocation)
        try:
            return invocation.answer.get(timeout=self.timeout_seconds)
        except queue.Empty:
            return None

    def next_invocation(self) -> _Invocation | None:
        """What the function is to do; `None` at the end."""
        invocation = self._waiting.get()
        if invocation is not None:
            self._running[invocation.id] = invocation
        return invocation

    def complete(self, invocation_id: str, answer: bytes | None) -> None:
        """What the function has done; `None` for an error."""
        self._running.pop(invocation_id).answer.put(answer)

    def _handler(self, kind: type["_Handler"]) -> type["_Handler"]:
        return type(kind.__name__, (kind,), {"service": self})


class _Handler(BaseHTTPRequestHandler):
    service: LambdaService
    protocol_version = "HTTP/1.1"
    # Head and body are written apart: without this the second waits for the first's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """The function has a log."""

    def handle(self) -> None:
        # A function or client that is killed resets its connection.
        with contextlib.suppress(ConnectionResetError):
            super().handle()

    def read_body(self) -> bytes:
        if self.headers.get("transfer-encoding") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _chunks(self):
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


class _Client(_Handler):
    """Any request of a client's."""

    def _invoke(self) -> None:
        # A body has no place in any request that is served; it is read so that the connection stays usable.
        self.read_body()
        # The line that http.server read, not the path that it has tidied up.
        target = self.requestline.split(" ")[1]
        self.send(self.service.invoke(Request(self.command, target, self.headers)))

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_DELETE = do_PATCH = _invoke


class _Runtime(_Handler):
    """The function's requests."""

    def do_GET(self) -> None:
        """`…/invocation/next`, which waits."""
        invocation = self.service.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        headers = [
            ("content-type", "application/json"),
            ("lambda-runtime-aws-request-id", invocation.id),
            ("lambda-runtime-deadline-ms", str(int((time.time() + self.service.timeout_seconds) * 1000))),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:get-object-torrent",
            ),
        ]
        self.send(Response(200, headers, json.dumps(invocation.event).encode()))

    def do_POST(self) -> None:
        """`…/invocation/ID/response` or `/error`; `…/init/error`."""
        body = self.read_body()
        *_, invocation_id, outcome = self.path.split("/")
        if invocation_id != "init":
            self.service.complete(invocation_id, body if outcome == "response" else None)
        self.send(Response(202, [], b"{}"))


def _serve(owner: contextlib.ExitStack, handler: type[_Handler]) -> str:
    """Serves on a free port; returns host and port."""
    server = ThreadingHTTPServer((LOOPBACK, 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    owner.callback(server.server_close)
    owner.callback(server.shutdown)
    return f"{LOOPBACK}:{server.server_address[1]}"
