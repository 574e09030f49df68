"""Peers of a swarm: libtorrent with its defaults, as in qBittorrent and Deluge."""

import contextlib
from pathlib import Path

import libtorrent

from scripts.stack.errors import StackError
from scripts.stack.ports import LOOPBACK

# Of each peer, each way.
BYTES_PER_SECOND = 2_000_000

_SETTINGS = {
    "listen_interfaces": f"{LOOPBACK}:0",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    # All are at one address.
    "allow_multiple_connections_per_ip": True,
    "download_rate_limit": BYTES_PER_SECOND,
    "upload_rate_limit": BYTES_PER_SECOND,
    # A session that ends would wait for the tracker, and the tracker for Python.
    "stop_tracker_timeout": 0,
    "alert_mask": 0,
}


class Peer:
    """A client with one torrent, which seeds what it has until its owner closes."""

    def __init__(self, owner: contextlib.ExitStack, torrent: bytes, folder: Path) -> None:
        params = libtorrent.load_torrent_buffer(torrent)
        params.save_path = str(folder)
        params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
        self._session: libtorrent.session | None = libtorrent.session(_SETTINGS)
        owner.callback(self.leave)
        # libtorrent exempts local peers from rate limits, and those on loopback are local.
        everyone = libtorrent.ip_filter()
        everyone.add_rule("0.0.0.0", "255.255.255.255", 1 << libtorrent.session.global_peer_class_id)
        self._session.set_peer_class_filter(everyone)
        self._torrent = self._session.add_torrent(params)

    def is_complete(self) -> bool:
        """Whether it has the whole file. libtorrent checks every piece."""
        status = self._torrent.status()
        if status.errc.value():
            raise StackError(f"libtorrent: {status.errc.message()}")
        return status.is_seeding

    def leave(self) -> None:
        """Drops all connections."""
        self._session = None
