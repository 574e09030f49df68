"""Requests to servers on loopback: never through a proxy."""

import socket
import urllib.parse
import urllib.request
from collections.abc import Mapping

from scripts.stack.ports import LOOPBACK

PROBE_SECONDS = 5.0

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def accepts(port: int) -> bool:
    """Whether a server listens on `port`."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def body(url: str, form: Mapping[str, str] | None = None, method: str | None = None) -> bytes | None:
    """The body of a success, `None` for all else. A form is sent by POST."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with DIRECT.open(urllib.request.Request(url, data, method=method), timeout=PROBE_SECONDS) as response:
            return response.read()
    except OSError:
        return None
