"""The smallest tracker that serves: each peer that announces itself is told of all the others (BEP 3, BEP 23)."""

import contextlib
import socket
import threading
from urllib.parse import parse_qs, urlsplit

import libtorrent

from scripts.stack.gateways import Response
from scripts.stack.runtime_api import Handler, serve

INTERVAL_SECONDS = 30


class Tracker:
    """Serves one torrent, until `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        self._peers: set[bytes] = set()
        self._lock = threading.Lock()
        handler = type(_Announce.__name__, (_Announce,), {"tracker": self})
        self.url = f"http://{serve(owner, handler)}/announce"

    def announce(self, peer: bytes, event: str) -> bytes:
        """Notes `peer`, and returns all the others."""
        with self._lock:
            others = b"".join(self._peers - {peer})
            if event == "stopped":
                self._peers.discard(peer)
            else:
                self._peers.add(peer)
        return others


class _Announce(Handler):
    """An announcement."""

    tracker: Tracker

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, encoding="latin-1")
        peer = socket.inet_aton(self.client_address[0]) + int(query["port"][0]).to_bytes(2)
        peers = self.tracker.announce(peer, query.get("event", [""])[0])
        body = libtorrent.bencode({b"interval": INTERVAL_SECONDS, b"peers": peers})
        self.send(Response(200, [("content-type", "text/plain")], body))
