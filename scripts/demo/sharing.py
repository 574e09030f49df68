"""Two downloads of the same file, by clients that find each other through the torrent's tracker alone."""

from collections.abc import Callable, Sequence
from pathlib import Path

import libtorrent

from scripts.stack.download import Download, follow

STALL_SECONDS = 60.0

_SETTINGS = {
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


def share(
    torrent: bytes, length: int, folders: Sequence[Path], progress: Callable[[int], None]
) -> list[tuple[Path, int, int]]:
    """Downloads into both folders; returns each file, and how much of it came from S3 and from the other client."""
    first = _start(torrent, length, folders[0])
    # The tracker tells the second client of the first, and nothing else does.
    follow(first, ready=lambda status: bool(status.current_tracker), stall_seconds=STALL_SECONDS)
    clients = [first, _start(torrent, length, folders[1])]
    follow(*clients, stall_seconds=STALL_SECONDS, progress=progress)
    received = [client.status().total_payload_download for client in clients]
    # What one has received from a peer is what the other one has sent.
    by_peer = [client.status().total_payload_upload for client in reversed(clients)]
    return [(one.path, all_of_it - peer, peer) for one, all_of_it, peer in zip(clients, received, by_peer, strict=True)]


def _start(torrent: bytes, length: int, folder: Path) -> Download:
    # Over loopback, the web seed would have sent all before the clients meet. So each takes eight seconds.
    limit = max(length // 8, 100_000)
    client = Download(torrent, folder, trackers=True, download_rate_limit=limit, **_SETTINGS)
    # libtorrent exempts local peers from limits, and these are on loopback.
    everyone = libtorrent.ip_filter()
    everyone.add_rule("0.0.0.0", "255.255.255.255", 1 << libtorrent.session.global_peer_class_id)
    client.session.set_peer_class_filter(everyone)
    return client
