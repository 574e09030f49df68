"""Asks a function for a torrent, and reads the line with which its log ends the request."""

import contextlib
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from scripts.stack.errors import StackError
from scripts.stack.function import Function

# The longest that Lambda runs anything: no request is cut short here.
REQUEST_SECONDS = 900
# The line is written before the answer is sent.
LOG_SECONDS = 5.0


def ask(function: Function, bucket: str, key: str, origin: str) -> dict[str, Any]:
    """The log's line of a request that must succeed, by `origin`."""
    torrent(function, bucket, key, origin)
    return last(function, key)


def torrent(function: Function, bucket: str, key: str, origin: str) -> bytes:
    """The torrent, which must come from `origin`."""
    connection = http.client.HTTPConnection(urlsplit(function.endpoint).netloc, timeout=REQUEST_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", f"/{bucket}/{key}?torrent")
        response = connection.getresponse()
        body = response.read()
    found = response.getheader("x-torrent-origin")
    if response.status != 200 or found != origin:
        raise StackError(f"{key}: {response.status} from {found}, {body[:300]!r}{function.process.last_lines()}")
    return body


def last(function: Function, key: str) -> dict[str, Any]:
    """The log's line of the last request for `key`."""
    deadline = time.monotonic() + LOG_SECONDS
    while time.monotonic() < deadline:
        text = function.log.read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line[0] == "{" and line[-1] == "\n"]
        requests = [line for line in lines if line.get("message") == "request" and line.get("key") == key]
        if requests:
            return requests[-1]
        time.sleep(0.01)
    raise StackError(f"the function's log has no request for {key}{function.process.last_lines()}")
