"""Peers of a swarm, of real clients with their defaults: libtorrent in this process, aria2 in its own."""

import contextlib
import xmlrpc.client
from pathlib import Path
from typing import Protocol

import libtorrent

from benches.swarm_web_seeds import HOSTS
from scripts.stack import tools
from scripts.stack.errors import StackError
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process

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
    # Nothing is told to the tracker at the end: a session that ends waits for its answer, and the tracker for Python.
    "stop_tracker_timeout": 0,
    "alert_mask": 0,
}


class Peer(Protocol):
    """A client with one torrent, which seeds what it has until its owner closes."""

    def is_complete(self) -> bool:
        """Whether it has the whole file."""

    def leave(self) -> None:
        """Ends the client."""


class Libtorrent:
    """As qBittorrent and Deluge have it."""

    def __init__(self, owner: contextlib.ExitStack, torrent: bytes, folder: Path) -> None:
        params = libtorrent.load_torrent_buffer(torrent)
        params.save_path = str(folder)
        params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
        self._session: libtorrent.session | None = libtorrent.session(_SETTINGS)
        owner.callback(self.leave)
        self._session.set_peer_class_filter(_everyone_is_limited())
        self._torrent = self._session.add_torrent(params)

    def is_complete(self) -> bool:
        """Every piece is checked by libtorrent."""
        status = self._torrent.status()
        if status.errc.value():
            raise StackError(f"libtorrent: {status.errc.message()}")
        return status.is_seeding

    def leave(self) -> None:
        """Drops all connections."""
        self._session = None


class Aria2:
    """aria2c, asked by its RPC how far it is."""

    def __init__(self, owner: contextlib.ExitStack, torrent: bytes, folder: Path) -> None:
        folder.mkdir()
        source = folder.with_suffix(".torrent")
        source.write_bytes(torrent)
        port, rpc_port = free_ports(2)
        options = {
            "no-conf": "true",
            "dir": folder,
            "interface": LOOPBACK,
            "disable-ipv6": "true",
            "no-proxy": ",".join(HOSTS),
            "listen-port": port,
            "enable-dht": "false",
            "bt-enable-lpd": "false",
            "max-overall-download-limit": BYTES_PER_SECOND,
            "max-overall-upload-limit": BYTES_PER_SECOND,
            # For ever.
            "seed-ratio": "0.0",
            "file-allocation": "none",
            "enable-rpc": "true",
            "rpc-listen-port": rpc_port,
        }
        command = [tools.installed("aria2c"), source]
        command += [f"--{name}={value}" for name, value in options.items()]
        env, log = tools.environment(HOME=str(folder)), folder.with_suffix(".log")
        # It has nothing to put in order.
        self._process = Process(owner, "aria2c", command, log=log, env=env, grace_seconds=0)
        self._rpc = xmlrpc.client.ServerProxy(f"http://{LOOPBACK}:{rpc_port}/rpc")

    def is_complete(self) -> bool:
        """Every piece is checked by aria2."""
        if self._process.status() is not None:
            raise StackError(f"aria2c has ended{self._process.last_lines()}")
        try:
            downloads = self._rpc.aria2.tellActive(["seeder"])
        except OSError:
            # It does not listen yet.
            return False
        return any(download["seeder"] == "true" for download in downloads)

    def leave(self) -> None:
        """Without a good-bye."""
        self._process.stop()


def _everyone_is_limited() -> libtorrent.ip_filter:
    """Rate limits for all addresses: libtorrent exempts local peers, and those on loopback are local to it."""
    addresses = libtorrent.ip_filter()
    addresses.add_rule("0.0.0.0", "255.255.255.255", 1 << libtorrent.session.global_peer_class_id)
    return addresses
