"""Downloads without web seeds whose seeds end, or never send, and what became of them, as JSON.

It runs in a network namespace, as swarm.py does. The tracker is told to connect to its addresses.
"""

import contextlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import clients
from staying import CLIENTS, Client, Libtorrent, repeat
from store import KIB, MIB, OPEN, random_bytes
from swarm import wait

from scripts.stack import download, function, http, metainfo, temporary
from scripts.stack.runtime_api import Handler, serve
from scripts.stack.test_s3 import Server
from scripts.stack.tracker import TABLE, Tracker

LENGTH = 6 * MIB
PIECE_LENGTH = 64 * KIB
KILLED_AT = 0.3
ENOUGH_SPEED = 100 * KIB
# An hour of the tracker takes 36 s.
HEALTH = {"ENOUGH_SPEED": str(ENOUGH_SPEED), "TRACKER_TIME_SCALE": "0.01"}


class SilentSeed(Handler):
    """Says that it has all pieces and that others may ask, and sends none."""

    def handle(self) -> None:
        bits = b"\xff" * (LENGTH // PIECE_LENGTH // 8)
        answer = self.rfile.read(68)[:48] + b"-" * 20
        self.wfile.write(answer + (1 + len(bits)).to_bytes(4, "big") + b"\x05" + bits + b"\0\0\0\x01\x01")
        # Until the other hangs up.
        with contextlib.suppress(ConnectionResetError):
            self.rfile.read()


class World:
    """The stack, and what its users do."""

    def __init__(self, owner: contextlib.ExitStack, api: Path, tracker: Path, test_s3: Path) -> None:
        self._owner = owner
        self._tracker = Tracker(owner, tracker, **HEALTH, TRACKER_CHECKS_ANY_ADDRESS="true")
        server = Server(owner, test_s3, public=[OPEN])
        self._s3 = server.client()
        settings = {"BUCKETS": OPEN, "WEB_SEEDS": f"{server.endpoint}/{{bucket}}/{{key}}"}
        settings |= {"PIECE_LENGTH": str(PIECE_LENGTH), **self._tracker.variables, **HEALTH}
        env = function.settings(server.endpoint, server.credentials, settings)
        self._endpoint = function.built(owner, api, env).endpoint

    def put(self, name: str) -> bytes:
        content = random_bytes(LENGTH)
        self._s3.put_object(Bucket=OPEN, Key=name, Body=content)
        return content

    def torrent(self, name: str, web_seeds: int) -> bytes:
        """The torrent, as soon as it has so many web seeds."""
        torrents = []

        def has_them() -> bool:
            torrents.append(clients.boto_torrent(self._endpoint, OPEN, name))
            return len(metainfo.read(torrents[-1]).web_seeds) == web_seeds

        wait(has_them, f"{name} has {web_seeds} web seeds")
        return torrents[-1]

    def killed(self, name: str, number: int) -> dict[str, object]:
        """A client downloads from another that is alone, and is killed."""
        content, kind = self.put(name), CLIENTS[name]
        with contextlib.ExitStack() as life:
            seed = kind(life, f"10.77.0.{number}")
            seed.add(self.torrent(name, 1))
            wait(lambda: seed.share() == 1, f"{name} seeds")
            # Only now, and so the tracker has reached the seed.
            bare = self.torrent(name, 0)
            leecher = kind(self._owner, f"10.77.0.{10 + number}")
            leecher.add(bare)
            wait(lambda: leecher.share() >= KILLED_AT, f"{name} is under way")
        return self.rescued(name, leecher, content)

    def rescued(self, name: str, leecher: Client, content: bytes) -> dict[str, object]:
        """A client whose seeds do not send is told, and its torrent is added again."""
        wait(lambda: bool(leecher.told()), f"{name} is told")
        told, share = leecher.told(), leecher.share()
        leecher.add_again(self.torrent(name, 1))
        wait(lambda: leecher.share() == 1, f"{name} finishes")
        return {"told": told, "share": share, "whole": (leecher.folder / name).read_bytes() == content}

    def claim(self, name: str, port: int) -> None:
        """A seed at this port says that it sends 10 MB/s."""
        info_hash = quote(bytes.fromhex(metainfo.read(self.torrent(name, 1)).info_hash), safe="")
        url = f"{self._tracker.url}?info_hash={info_hash}&peer_id={port:020}&port={port}&left=0&downloaded=0&uploaded="
        repeat(self._owner, 1, lambda: http.body(f"{url}{int(time.monotonic() * 1e7)}"))

    def silent(self) -> dict[str, object]:
        """Of the seeds, one claims a rate, can be reached, and sends nothing."""
        content = self.put("silent")
        self.claim("silent", int(serve(self._owner, SilentSeed).rpartition(":")[2]))
        bare = self.torrent("silent", 0)
        leecher = Libtorrent(self._owner, "10.77.0.20")
        leecher.add(bare)
        return self.rescued("silent", leecher, content)

    def closed(self) -> dict[str, object]:
        """The seed claims a rate, and its port is closed."""
        content = self.put("closed")
        self.claim("closed", 1)

        def is_believed() -> bool:
            items = self._tracker.client.scan(TableName=TABLE)["Items"]
            return any(item["peer"]["B"].endswith(b"\0\1") and int(item["rate"]["N"]) > ENOUGH_SPEED for item in items)

        wait(is_believed, "the rate is known")
        path = download.download(self.torrent("closed", 1), temporary.folder(self._owner, "next"))
        return {"whole": path.read_bytes() == content}


def run(owner: contextlib.ExitStack, *programs: Path) -> dict[str, object]:
    """All swarms at once."""
    world = World(owner, *programs)
    with ThreadPoolExecutor(len(CLIENTS) + 2) as pool:
        runs = {name: pool.submit(world.killed, name, 1 + number) for number, name in enumerate(CLIENTS)}
        runs |= {"silent": pool.submit(world.silent), "closed": pool.submit(world.closed)}
        return {name: run.result() for name, run in runs.items()}


if __name__ == "__main__":
    with contextlib.ExitStack() as stack:
        print(json.dumps(run(stack, *map(Path, sys.argv[1:]))))
