"""Downloading by a `.torrent` with libtorrent, from its web seeds alone: no peers, trackers or DHT.

`python -m scripts.stack.download TORRENT FOLDER` does it with the libtorrent of that Python.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Progress:
    """How far a download is."""

    done: int
    total: int
    bytes_per_second: int


def download(
    torrent: bytes,
    folder: Path,
    *,
    stall_seconds: float = 30.0,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Path:
    """Downloads into `folder`, and returns the file or the folder. Every piece is checked by libtorrent."""
    params = libtorrent.load_torrent_buffer(torrent)
    params.save_path = str(folder)
    params.trackers = []
    params.flags |= NO_PEERS
    params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
    session = libtorrent.session(SETTINGS)
    handle = session.add_torrent(params)
    try:
        _follow(session, handle, stall_seconds, progress)
    finally:
        session.remove_torrent(handle)
    # libtorrent 2.0 has another name for it.
    layout = params.ti.layout if hasattr(params.ti, "layout") else params.ti.files
    return folder / Path(layout().file_path(0)).parts[0]


def _follow(
    session: libtorrent.session,
    handle: libtorrent.torrent_handle,
    stall_seconds: float,
    progress: Callable[[Progress], None],
) -> None:
    last_done, last_change = -1, time.monotonic()
    messages: list[str] = []
    while True:
        status = handle.status()
        messages += [alert.message() for alert in session.pop_alerts()]
        if status.errc.value():
            raise StackError(f"libtorrent: {status.errc.message()}")
        progress(Progress(status.total_wanted_done, status.total_wanted, status.download_payload_rate))
        if status.is_seeding:
            return
        if status.total_wanted_done != last_done:
            last_done, last_change = status.total_wanted_done, time.monotonic()
        if time.monotonic() - last_change > stall_seconds:
            said = "; ".join(messages[-3:]) or "no reason given"
            raise StackError(f"the download is stuck at {last_done} of {status.total_wanted} bytes: {said}")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    download(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]))
