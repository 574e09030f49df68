"""The first request for an object: a new function, which reads it all, and what that took."""

import contextlib
import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benches import cpu
from benches.cpu import Usage
from scripts.stack.errors import StackError
from scripts.stack.function import Function, built

# The longest that Lambda runs anything.
SECONDS = 900


@dataclass(frozen=True)
class Answer:
    """A torrent, and what the function's process took from the request to the answer."""

    torrent: bytes
    usage: Usage


def ask(binary: Path, env: Mapping[str, str], bucket: str, key: str) -> Answer:
    """Starts the function, asks it for one torrent, and ends it. The start is counted in its memory alone."""
    limits = {"BUCKETS": bucket, "TIME_BUDGET_MS": str(SECONDS * 1000)}
    with contextlib.ExitStack() as owner:
        function = built(owner, binary, {**env, **limits}, timeout_seconds=SECONDS)
        pid = function.process.pid
        cpu_before, start = cpu.seconds(pid), time.monotonic()
        torrent = _torrent(function, f"/{bucket}/{key}?torrent")
        wall, cpu_seconds = time.monotonic() - start, cpu.seconds(pid) - cpu_before
        return Answer(torrent, Usage(wall, cpu_seconds, cpu.peak_mib(pid)))


def _torrent(function: Function, target: str) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(function.endpoint).netloc, timeout=SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", target)
        response = connection.getresponse()
        body = response.read()
    origin = response.getheader("x-torrent-origin")
    if response.status != 200 or origin != "object":
        log = function.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise StackError(f"GET {target}: {response.status}, read from {origin}: {body[:500]!r}\n{log}")
    return body
