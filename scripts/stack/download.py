"""Downloading by a `.torrent` with libtorrent, as a rule from its web seeds alone: no peers, trackers or DHT.

`python -m scripts.stack.download TORRENT FOLDER` does it with the libtorrent of that Python.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import libtorrent

from scripts.stack.errors import StackError
from scripts.stack.ports import LOOPBACK

POLL_SECONDS = 0.1

SETTINGS = {
    "listen_interfaces": f"{LOOPBACK}:0",
    "outgoing_interfaces": LOOPBACK,
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    "enable_incoming_tcp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    # Refuses loopback web seeds whose URL has a query (`?versionId=`).
    "ssrf_mitigation": False,
    "alert_mask": libtorrent.alert.category_t.error_notification,
}
NO_PEERS = (
    libtorrent.torrent_flags.disable_dht | libtorrent.torrent_flags.disable_lsd | libtorrent.torrent_flags.disable_pex
)


class Download:
    """A libtorrent session with one torrent. Every piece is checked by libtorrent."""

    def __init__(self, torrent: bytes, folder: Path, *, trackers: bool = False, **settings: object) -> None:
        params = libtorrent.load_torrent_buffer(torrent)
        params.save_path = str(folder)
        if not trackers:
            params.trackers = []
        params.flags |= NO_PEERS
        params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
        # libtorrent 2.0 has another name for it.
        layout = params.ti.layout if hasattr(params.ti, "layout") else params.ti.files
        # The file or the folder.
        self.path = folder / Path(layout().file_path(0)).parts[0]
        self.session = libtorrent.session({**SETTINGS, **settings})
        self._handle = self.session.add_torrent(params)

    def status(self) -> libtorrent.torrent_status:
        """How far it is; an error ends it."""
        status = self._handle.status()
        if status.errc.value():
            raise StackError(f"libtorrent: {status.errc.message()}")
        return status

    def stop(self) -> None:
        """Ends it."""
        self.session.remove_torrent(self._handle)


def follow(
    *downloads: Download,
    ready: Callable[[libtorrent.torrent_status], bool] = lambda status: status.is_seeding,
    stall_seconds: float = 30.0,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Waits until all are `ready`, calling `progress` with the bytes that have arrived."""
    last_done, last_change = -1, time.monotonic()
    while True:
        statuses = [download.status() for download in downloads]
        done = sum(status.total_wanted_done for status in statuses)
        progress(done)
        if all(ready(status) for status in statuses):
            return
        if done != last_done:
            last_done, last_change = done, time.monotonic()
        if time.monotonic() - last_change > stall_seconds:
            alerts = [alert.message() for download in downloads for alert in download.session.pop_alerts()]
            said = "; ".join(alerts[-3:]) or "no reason given"
            wanted = sum(status.total_wanted for status in statuses)
            raise StackError(f"the download is stuck at {done} of {wanted} bytes: {said}")
        time.sleep(POLL_SECONDS)


def download(torrent: bytes, folder: Path, progress: Callable[[int], None] = lambda done: None) -> Path:
    """Downloads into `folder`, and returns the file or the folder."""
    started = Download(torrent, folder)
    try:
        follow(started, progress=progress)
    finally:
        started.stop()
    return started.path


if __name__ == "__main__":
    download(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]))
