"""A tracker of one torrent, which gives each peer all earlier ones (BEP 3, BEP 23)."""

import contextlib
import socket
import threading
from urllib.parse import parse_qs, urlsplit

import libtorrent

from scripts.stack.gateways import Response
from scripts.stack.runtime_api import Handler, serve

INTERVAL_SECONDS = 30


class Tracker:
    """Serves until `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        self._peers: set[bytes] = set()
        self._lock = threading.Lock()
        handler = type(_Announce.__name__, (_Announce,), {"tracker": self})
        self.url = f"http://{serve(owner, handler)}/announce"

    def announce(self, peer: bytes) -> bytes:
        """Notes `peer`, and returns all the others."""
        with self._lock:
            self._peers.add(peer)
            return b"".join(self._peers - {peer})


class _Announce(Handler):
    """An announcement."""

    tracker: Tracker

    def do_GET(self) -> None:
        [port] = parse_qs(urlsplit(self.path).query, encoding="latin-1")["port"]
        peer = socket.inet_aton(self.client_address[0]) + int(port).to_bytes(2)
        body = libtorrent.bencode({b"interval": INTERVAL_SECONDS, b"peers": self.tracker.announce(peer)})
        self.send(Response(200, [("content-type", "text/plain")], body))
