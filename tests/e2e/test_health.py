"""Downloads without web seeds end well, whatever becomes of their seeds."""

from collections.abc import Callable
from pathlib import Path

import network

from scripts.stack import build

TOLD = "If your download has stopped, download the .torrent file again and add it: it has web seeds now"


def test_who_is_stuck_is_told_and_finishes_after_adding_the_torrent_again(
    binary: Path, tracker_binary: Path, build_shown: Callable[..., Path]
) -> None:
    seen = network.run("health.py", binary, tracker_binary, build_shown(build.test_s3))
    assert {name: ended["whole"] for name, ended in seen.items()} == dict.fromkeys(
        ["libtorrent", "aria2", "transmission", "qbittorrent", "silent", "closed"], True
    )
    stuck = {name: ended for name, ended in seen.items() if name != "closed"}
    assert all(ended["told"].endswith(TOLD) and ended["share"] < 1 for ended in stuck.values()), stuck
