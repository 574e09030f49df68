"""One swarm: its peers, what they can use, and what the web seeds send until all have the file."""

import contextlib
import filecmp
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benches import first_request
from benches.nginx import BUCKET
from benches.swarm_peers import BYTES_PER_SECOND, Aria2, Libtorrent, Peer
from benches.swarm_tracker import Tracker
from benches.swarm_web_seeds import WebSeeds
from scripts.stack import temporary
from scripts.stack.errors import StackError
from scripts.stack.function import settings

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Result:
    """Of one run."""

    # What the web seeds sent, in file sizes, for each download.
    egress: float
    # What the peers downloaded with, in the median.
    bytes_per_second: float
    # Until the last had the file.
    seconds: float


@dataclass(frozen=True)
class Case:
    """A swarm; what is not named is what most of them share."""

    libtorrent: int
    web_seeds: int
    aria2: int = 0
    tracker: bool = True
    # One more peer, who has the file from the start.
    seeder: bool = False
    # Each peer leaves when it has the file.
    leaves: bool = False

    @property
    def name(self) -> str:
        """For people."""
        aria2 = f", {self.aria2} aria2" if self.aria2 else ""
        seeder = ", and one seeder" if self.seeder else ""
        leaves = " that leave at 100 %" if self.leaves else ""
        return f"{self.libtorrent} libtorrent{aria2}{leaves}{seeder}"

    def run(self, binary: Path, file: Path) -> Result:
        """All peers start at once, and verify what they download."""
        with contextlib.ExitStack() as owner:
            web_seeds = WebSeeds(owner, file.parent)
            torrent = self._torrent(owner, binary, web_seeds, file.name)
            folder = temporary.folder(owner, "swarm")
            with contextlib.ExitStack() as swarm:
                if self.seeder:
                    _wait([Libtorrent(swarm, torrent, file.parent)], file, leaves=False)
                kinds = [Libtorrent] * self.libtorrent + [Aria2] * self.aria2
                places = [folder / str(number) for number in range(len(kinds))]
                peers = [kind(swarm, torrent, place) for kind, place in zip(kinds, places, strict=True)]
                seconds = _wait(peers, file, self.leaves)
            if not all(filecmp.cmp(file, place / file.name, shallow=False) for place in places):
                raise StackError(f"{self.name}: a download differs from the file")
            size = file.stat().st_size
            return Result(
                egress=web_seeds.bytes_sent() / size / len(peers),
                bytes_per_second=size / statistics.median(seconds),
                seconds=max(seconds),
            )

    def _torrent(self, owner: contextlib.ExitStack, binary: Path, web_seeds: WebSeeds, key: str) -> bytes:
        """As the function makes it."""
        variables = {"WEB_SEEDS": ",".join(web_seeds.templates[: self.web_seeds])}
        if self.tracker:
            variables["TRACKERS"] = Tracker(owner).url
        return first_request.ask(binary, settings(web_seeds.endpoint, None, variables), BUCKET, key).torrent


def _wait(peers: Sequence[Peer], file: Path, leaves: bool) -> list[float]:
    """The seconds after which each peer had the file."""
    start = time.monotonic()
    usual = file.stat().st_size / BYTES_PER_SECOND
    seconds: dict[Peer, float] = {}
    while len(seconds) < len(peers):
        time.sleep(POLL_SECONDS)
        elapsed = time.monotonic() - start
        for peer in peers:
            if peer not in seconds and peer.is_complete():
                seconds[peer] = elapsed
                if leaves:
                    peer.leave()
        if elapsed > 60 + 10 * usual:
            raise StackError(f"{len(peers) - len(seconds)} of {len(peers)} downloads are not complete after {elapsed:.0f} s")
    return list(seconds.values())
