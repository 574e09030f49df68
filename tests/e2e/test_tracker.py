"""BitTorrent clients find each other through the tracker alone, in both families of addresses."""

from collections.abc import Callable
from pathlib import Path

import network

from scripts.stack import build


def test_clients_find_each_other_and_finish_what_the_web_seed_holds_back(
    binary: Path, tracker_binary: Path, build_shown: Callable[..., Path]
) -> None:
    seen = network.run("swarm.py", binary, tracker_binary, build_shown(build.test_s3))
    assert seen["whole"] == [True] * 5
    assert seen["finished"]["complete"] >= 4 and seen["finished"]["downloaded"] >= 3
    assert seen["sums"]["Completed"] == seen["finished"]["downloaded"]
    # Nobody but another peer had the second half.
    assert seen["sums"]["BytesFromPeers"] >= seen["length"] // 2
    assert seen["sums"]["BytesDownloaded"] >= seen["length"]
