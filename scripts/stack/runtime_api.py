"""The runtime API of Lambda: the events that a function is to answer, and its answers, over HTTP on 127.0.0.1.

<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.
"""

import contextlib
import json
import queue
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripts.stack.gateways import Event, Response
from scripts.stack.ports import LOOPBACK

# No function of ours looks at it.
ARN = "arn:aws:lambda:us-east-1:123456789012:function:get-object-torrent"


@dataclass(frozen=True)
class Outcome:
    """What the function has answered, or the error that it has told instead."""

    body: bytes
    failed: bool = False


class RuntimeApi:
    """Serves the processes of one function, until `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._waiting: queue.SimpleQueue[tuple[str, Event] | None] = queue.SimpleQueue()
        # Of the events on their way, by their ids.
        self._outcomes: dict[str, queue.SimpleQueue[Outcome]] = {}
        self.address = serve(owner, type(_Runtime.__name__, (_Runtime,), {"api": self}))
        # Wakes the calls for the next event, so that their threads end.
        owner.callback(self._waiting.put, None)

    def run(self, event: Event) -> Outcome | None:
        """The function's answer to `event`; `None` when it takes too long."""
        request_id = str(uuid.uuid4())
        outcome = self._outcomes[request_id] = queue.SimpleQueue()
        self._waiting.put((request_id, event))
        try:
            return outcome.get(timeout=self.timeout_seconds)
        except queue.Empty:
            return None
        finally:
            del self._outcomes[request_id]

    def next_invocation(self) -> tuple[str, Event] | None:
        """What a process is to do; `None` at the end."""
        invocation = self._waiting.get()
        if invocation is None:
            self._waiting.put(None)
        return invocation

    def complete(self, request_id: str, outcome: Outcome) -> None:
        """What a process has done. It may be late: nobody waits for it any more."""
        if (waiting := self._outcomes.get(request_id)) is not None:
            waiting.put(outcome)


class Handler(BaseHTTPRequestHandler):
    """Reads and writes HTTP/1.1 as the SDKs do."""

    protocol_version = "HTTP/1.1"
    # Head and body are written apart: without this the second waits for the first's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """The function has a log."""

    def handle(self) -> None:
        """Serves one connection."""
        # A function or client that is killed resets its connection.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            super().handle()

    def read_body(self) -> bytes:
        """The request's body."""
        if self.headers.get("transfer-encoding") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def send(self, response: Response) -> None:
        """Sends `response` whole."""
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


class _Runtime(Handler):
    """The function's requests."""

    api: RuntimeApi

    def do_GET(self) -> None:
        """`…/invocation/next`, which waits."""
        invocation = self.api.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        request_id, event = invocation
        deadline = time.time() + self.api.timeout_seconds
        headers = [
            ("content-type", "application/json"),
            ("lambda-runtime-aws-request-id", request_id),
            ("lambda-runtime-deadline-ms", str(int(deadline * 1000))),
            ("lambda-runtime-invoked-function-arn", ARN),
        ]
        self.send(Response(200, headers, json.dumps(event).encode()))

    def do_POST(self) -> None:
        """`…/invocation/ID/response` or `/error`; `…/init/error`."""
        body = self.read_body()
        *_, request_id, outcome = self.path.split("/")
        self.api.complete(request_id, Outcome(body, failed=outcome != "response"))
        self.send(Response(202, [], b"{}"))


def serve(owner: contextlib.ExitStack, handler: type[Handler], host: str = LOOPBACK, port: int = 0) -> str:
    """Serves on a free port, or on this one; returns host and port."""
    server = (_Ipv6Server if ":" in host else _Server)((host, port), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    owner.callback(server.server_close)
    owner.callback(server.shutdown)
    return f"{host}:{server.server_address[1]}"


class _Server(ThreadingHTTPServer):
    # Many clients may come at once.
    request_queue_size = 128


class _Ipv6Server(_Server):
    address_family = socket.AF_INET6
