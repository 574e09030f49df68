"""Two downloads of the same file, by clients that find each other through the torrent's tracker alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import libtorrent

from scripts.stack.download import NO_PEERS, POLL_SECONDS, SETTINGS, Progress
from scripts.stack.errors import StackError

# Over loopback, the web seed would have sent all before the clients meet. Their rate limit makes them take this long.
SECONDS = 8
LEAST_BYTES_PER_SECOND = 100_000
STALL_SECONDS = 60.0

_SETTINGS = {
    **SETTINGS,
    "enable_incoming_tcp": True,
    # Both are at one address.
    "allow_multiple_connections_per_ip": True,
    # By default a client asks a web seed for 16 MiB at a time, which leaves nothing of a small file to share.
    "urlseed_max_request_bytes": 16 * 1024,
    "max_web_seed_connections": 1,
    # By default a peer that has just come waits up to 15 seconds until it is sent anything.
    "unchoke_interval": 1,
    # The tracker's gateway runs in this process, so a session that waits for its answer at the end would block it.
    "stop_tracker_timeout": 0,
}


@dataclass(frozen=True)
class Share:
    """Where the bytes of one client came from."""

    from_s3: int
    from_peer: int


def share(torrent: bytes, folders: Sequence[Path], progress: Callable[[Progress], None]) -> list[Share]:
    """Downloads into both folders. Each client seeds what it has until both have the file."""
    first = _Client(torrent, folders[0])
    # The tracker tells the second client of the first, and nothing else does.
    _wait("the first client waits for the tracker", first.has_announced, first)
    clients = [first, _Client(torrent, folders[1])]

    def all_finished() -> bool:
        progress(Progress(sum(client.done() for client in clients), len(clients) * first.length, 0))
        # A list, since each has to be looked at.
        return all([client.is_finished() for client in clients])

    _wait("the downloads stand still", all_finished, *clients)
    # What one has received from a peer is what the other one has sent.
    return [client.share(other) for client, other in zip(clients, reversed(clients), strict=True)]


class _Client:
    """A libtorrent session with one torrent."""

    def __init__(self, torrent: bytes, folder: Path) -> None:
        params = libtorrent.load_torrent_buffer(torrent)
        self.length = params.ti.total_size()
        params.save_path = str(folder)
        params.flags |= NO_PEERS
        params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
        limit = max(self.length // SECONDS, LEAST_BYTES_PER_SECOND)
        self._session = libtorrent.session({**_SETTINGS, "download_rate_limit": limit})
        # libtorrent exempts local peers from limits, and these are on loopback.
        everyone = libtorrent.ip_filter()
        everyone.add_rule("0.0.0.0", "255.255.255.255", 1 << libtorrent.session.global_peer_class_id)
        self._session.set_peer_class_filter(everyone)
        self._handle = self._session.add_torrent(params)

    def has_announced(self) -> bool:
        """Whether a tracker has answered."""
        return bool(self._handle.status().current_tracker)

    def is_finished(self) -> bool:
        """Whether it has the file. Every piece is checked by libtorrent."""
        status = self._handle.status()
        if status.errc.value():
            raise StackError(f"libtorrent: {status.errc.message()}")
        return status.is_seeding

    def done(self) -> int:
        """How many bytes it has."""
        return self._handle.status().total_wanted_done

    def last_messages(self) -> str:
        """The last errors, such as those of the tracker or of a web seed."""
        return "; ".join(alert.message() for alert in self._session.pop_alerts()[-3:])

    def share(self, other: "_Client") -> Share:
        """Of two that have finished."""
        from_peer = other._handle.status().total_payload_upload
        return Share(self._handle.status().total_payload_download - from_peer, from_peer)


def _wait(what: str, ready: Callable[[], bool], *clients: _Client) -> None:
    done, last_change = -1, time.monotonic()
    while not ready():
        now_done = sum(client.done() for client in clients)
        if now_done != done:
            done, last_change = now_done, time.monotonic()
        if time.monotonic() - last_change > STALL_SECONDS:
            said = "; ".join(filter(None, (client.last_messages() for client in clients))) or "no reason given"
            raise StackError(f"{what}: {said}")
        time.sleep(POLL_SECONDS)
