"""Peers of a swarm: libtorrent with its defaults, as in qBittorrent and Deluge, each at an address of its own."""

import contextlib
import itertools
import time
from dataclasses import dataclass
from pathlib import Path

import libtorrent

from scripts.stack.errors import StackError

_NUMBERS = itertools.count(1)
_SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    # The tracker's intervals are scaled down.
    "min_announce_interval": 1,
    "stop_tracker_timeout": 1,
    "alert_mask": 0,
}


@dataclass(frozen=True)
class Link:
    """How fast a peer is, in bytes a second."""

    down: int
    up: int


class Peer:
    """A client with one torrent, which seeds what it has until its owner closes."""

    def __init__(self, owner: contextlib.ExitStack, torrent: bytes, folder: Path, link: Link) -> None:
        number = next(_NUMBERS)
        # All of 127.0.0.0/8 is this machine.
        address = f"127.1.{number // 250}.{number % 250 + 1}"
        params = libtorrent.load_torrent_buffer(torrent)
        params.save_path = str(folder)
        params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
        limits = {"download_rate_limit": link.down, "upload_rate_limit": link.up}
        addresses = {"listen_interfaces": f"{address}:0", "outgoing_interfaces": address}
        self._session: libtorrent.session | None = libtorrent.session({**_SETTINGS, **limits, **addresses})
        owner.callback(self.end)
        # libtorrent exempts local peers from rate limits, and those on loopback are local.
        everyone = libtorrent.ip_filter()
        everyone.add_rule("0.0.0.0", "255.255.255.255", 1 << libtorrent.session.global_peer_class_id)
        self._session.set_peer_class_filter(everyone)
        self._started = time.monotonic()
        self._torrent = self._session.add_torrent(params)
        self.seconds: float | None = None

    def is_complete(self) -> bool:
        """Whether it has the whole file, of which libtorrent checks every piece. Notes how long that took."""
        status = self._torrent.status()
        if status.errc.value():
            raise StackError(f"libtorrent: {status.errc.message()}")
        if status.is_seeding and self.seconds is None:
            self.seconds = time.monotonic() - self._started
        return self.seconds is not None

    def stays(self, times: float) -> bool:
        """Whether it has seeded for less than so many times its download."""
        return time.monotonic() - self._started < (self.seconds or 0) * (1 + times)

    def leave(self) -> None:
        """Tells the tracker, and drops all connections."""
        self._torrent.pause()

    def end(self) -> None:
        """Ends it without a word, for which it would wait."""
        if self._session:
            self._session.apply_settings({"stop_tracker_timeout": 0})
        self._session = None
