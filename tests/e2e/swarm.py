"""A swarm whose peers know of one another by the tracker alone, and what became of it, as JSON.

It runs in a network namespace of its own: Transmission accepts no peer on loopback. There `10.77.0.N` and `fd77::N`
lead back to this machine, and nothing leads out of it.
"""

import contextlib
import json
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import clients
import libtorrent
from downloads import aria2, transmission
from store import KIB, MIB, OPEN

from scripts.stack import function, http, metainfo, temporary
from scripts.stack.download import NO_PEERS, SETTINGS
from scripts.stack.gateways import Response
from scripts.stack.runtime_api import Handler, serve
from scripts.stack.test_s3 import Server
from scripts.stack.tracker import Tracker

LENGTH = 8 * MIB
HALF = LENGTH // 2
CONTENT = random.Random(14).randbytes(LENGTH)
NAME = "file.bin"
SWARM_SECONDS = 120.0
POLL_SECONDS = 0.2


class HalfAWebSeed(Handler):
    """Sends the first half alone: an answer that would go on breaks off there."""

    def do_GET(self) -> None:
        start, end = (int(number) for number in self.headers["range"].removeprefix("bytes=").split("-"))
        if start >= HALF:
            self.send(Response(503, [], b""))
            return
        self.send_response(206)
        self.send_header("content-range", f"bytes {start}-{end}/{LENGTH}")
        self.send_header("content-length", str(end + 1 - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : min(end + 1, HALF)])
        self.close_connection = end >= HALF


class Peer:
    """A libtorrent peer that listens on `interfaces` and announces to `trackers`, or to that of the torrent."""

    def __init__(self, torrent: bytes, folder: Path, interfaces: str, *trackers: str, has_half: bool = False) -> None:
        self._file = folder / NAME
        settings = {**SETTINGS, "listen_interfaces": interfaces, "outgoing_interfaces": "", "enable_incoming_tcp": True}
        settings |= {"announce_to_all_tiers": True, "announce_to_all_trackers": True, "min_announce_interval": 1}
        self.session = libtorrent.session(settings)
        params = libtorrent.load_torrent_buffer(torrent)
        params.trackers = list(trackers) or params.trackers
        params.save_path = str(folder)
        params.flags |= NO_PEERS
        params.flags &= ~libtorrent.torrent_flags.auto_managed & ~libtorrent.torrent_flags.paused
        if has_half:
            params.url_seeds = []
            self._file.write_bytes(bytes(HALF) + CONTENT[HALF:])
        self.handle = self.session.add_torrent(params)

    def is_seed(self) -> bool:
        return self.handle.status().is_seeding

    def has_content(self) -> bool:
        return self._file.read_bytes() == CONTENT

    def stop(self) -> None:
        self.session.remove_torrent(self.handle)


def wait(ready: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SWARM_SECONDS
    while not ready():
        assert time.monotonic() < end, what
        time.sleep(POLL_SECONDS)


def run(owner: contextlib.ExitStack, api: Path, tracker_binary: Path, test_s3: Path) -> dict[str, object]:
    """The whole life of the swarm."""
    tracker = Tracker(owner, tracker_binary, AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/tracker")
    server = Server(owner, test_s3, public=[OPEN])
    server.client().put_object(Bucket=OPEN, Key=NAME, Body=CONTENT)
    seed = f"http://{serve(owner, HalfAWebSeed)}/{{key}}"
    settings = {"BUCKETS": OPEN, "WEB_SEEDS": seed, "PIECE_LENGTH": str(64 * KIB), **tracker.variables}
    env = function.settings(server.endpoint, server.credentials, settings)
    torrent = clients.boto_torrent(function.built(owner, api, env).endpoint, OPEN, NAME)
    hash_in_query = quote(bytes.fromhex(metainfo.read(torrent).info_hash), safe="")

    def scrape() -> dict[str, int]:
        answer = http.body(f"{tracker.url.replace('announce', 'scrape')}?info_hash={hash_in_query}")
        [file] = libtorrent.bdecode(answer)[b"files"].values()
        return {name.decode(): number for name, number in file.items()}

    def peer(interfaces: str, *trackers: str, has_half: bool = False) -> Peer:
        return Peer(torrent, temporary.folder(owner, "peer"), interfaces, *trackers, has_half=has_half)

    first = peer("10.77.0.1:6881,[fd77::1]:6881", tracker.url, tracker.ipv6_url, has_half=True)
    # It is there by both of its addresses before anybody looks for it.
    wait(lambda: scrape()["incomplete"] == 2, "the first peer announces")
    peers = [first, peer("10.77.0.2:6881"), peer("[fd77::3]:6881", tracker.ipv6_url)]
    with ThreadPoolExecutor() as pool:
        downloads = [
            pool.submit(download, torrent, temporary.folder(owner, "peer"), peers_at=address)
            for download, address in ((aria2, "10.77.0.4"), (transmission, "10.77.0.5"))
        ]
        whole = [download.result().read_bytes() == CONTENT for download in downloads]
    wait(lambda: all(peer.is_seed() for peer in peers), "libtorrent's peers finish")
    whole += [peer.has_content() for peer in peers]
    # The first and its two addresses, and the two others.
    wait(lambda: scrape()["complete"] >= 4, "libtorrent's peers announce that they are seeds")
    finished = scrape()
    first.stop()
    wait(lambda: scrape()["complete"] == finished["complete"] - 2, "the first peer leaves")
    lines = [json.loads(line) for line in tracker.log.read_text(encoding="utf-8").splitlines()]
    metrics = ("BytesFromPeers", "BytesDownloaded", "Completed")
    sums = {metric: sum(line.get(metric, 0) for line in lines) for metric in metrics}
    return {"whole": whole, "finished": finished, "sums": sums, "length": LENGTH}


if __name__ == "__main__":
    with contextlib.ExitStack() as stack:
        print(json.dumps(run(stack, *map(Path, sys.argv[1:]))))
