"""A swarm from its start until all have the file, and what its web seeds sent meanwhile."""

import contextlib
import filecmp
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benches import first_request
from benches.nginx import BUCKET
from benches.swarm_peers import BYTES_PER_SECOND, Aria2, Libtorrent
from benches.swarm_tracker import Tracker
from benches.swarm_web_seeds import WebSeeds
from scripts.stack import temporary
from scripts.stack.errors import StackError
from scripts.stack.function import settings

POLL_SECONDS = 0.1
SETTLE_SECONDS = 60
# How often the time that a download takes at full speed.
PATIENCE = 10


@dataclass(frozen=True)
class Result:
    """The figures of one run."""

    # What the web seeds sent for each download, in file sizes.
    egress: float
    # The average speed of the median peer.
    bytes_per_second: float
    # The time until the last peer had the file.
    seconds: float


@dataclass(frozen=True)
class Case:
    """What a swarm is made of."""

    web_seeds: int
    libtorrent: int
    aria2: int = 0
    tracker: bool = True
    # One more peer has the file from the start.
    seeder: bool = False
    # Peers leave as soon as they have the file.
    leaves: bool = False

    @property
    def peers(self) -> str:
        """A description for the table."""
        aria2 = f", {self.aria2} aria2" if self.aria2 else ""
        leaves = " that stop at 100 %" if self.leaves else ""
        seeder = ", and 1 seeder" if self.seeder else ""
        return f"{self.libtorrent} libtorrent{aria2}{leaves}{seeder}"


class Swarm:
    """A running swarm, whose peers have started at the same moment."""

    def __init__(self, owner: contextlib.ExitStack, case: Case, binary: Path, file: Path) -> None:
        self._case, self._file = case, file
        self._web_seeds = WebSeeds(owner, file.parent)
        torrent = self._torrent(owner, binary)
        folder = temporary.folder(owner, "swarm")
        # The web seeds count a response only when its connection is done with it, so the peers end before that.
        self._running = owner.enter_context(contextlib.ExitStack())
        if case.seeder:
            seeder = Libtorrent(self._running, torrent, file.parent)
            _wait(seeder.is_complete, SETTLE_SECONDS)
        kinds = [Libtorrent] * case.libtorrent + [Aria2] * case.aria2
        self._folders = [folder / str(number) for number in range(len(kinds))]
        self._start = time.monotonic()
        places = zip(kinds, self._folders, strict=True)
        self._downloading = [kind(self._running, torrent, place) for kind, place in places]
        self._seconds: list[float] = []

    def is_done(self) -> bool:
        """Whether all have the file. It has to be asked often, for it notes when each peer is complete."""
        for peer in [peer for peer in self._downloading if peer.is_complete()]:
            self._seconds.append(time.monotonic() - self._start)
            self._downloading.remove(peer)
            if self._case.leaves:
                peer.leave()
        return not self._downloading

    def result(self) -> Result:
        """Ends the swarm, and checks what was downloaded."""
        self._running.close()
        if not all(filecmp.cmp(self._file, folder / self._file.name, shallow=False) for folder in self._folders):
            raise StackError(f"{self._case.peers}: a download differs from the file")
        size = self._file.stat().st_size
        return Result(
            egress=self._web_seeds.bytes_sent() / size / len(self._folders),
            bytes_per_second=size / statistics.median(self._seconds),
            seconds=max(self._seconds),
        )

    def _torrent(self, owner: contextlib.ExitStack, binary: Path) -> bytes:
        """The torrent as the function makes it."""
        templates = self._web_seeds.templates[: self._case.web_seeds]
        variables = {"WEB_SEEDS": ",".join(templates) or "none"}
        if self._case.tracker:
            variables["TRACKERS"] = Tracker(owner).url
        env = settings(self._web_seeds.endpoint, None, variables)
        return first_request.ask(binary, env, BUCKET, self._file.name).torrent


def side_by_side(cases: Sequence[Case], binary: Path, file: Path) -> list[Result]:
    """Runs a swarm for each case, all at the same time."""
    with contextlib.ExitStack() as owner:
        swarms = [Swarm(owner, case, binary, file) for case in cases]
        deadline_seconds = SETTLE_SECONDS + PATIENCE * file.stat().st_size / BYTES_PER_SECOND
        # A list, since every swarm has to be asked each time.
        _wait(lambda: all([swarm.is_done() for swarm in swarms]), deadline_seconds)
        return [swarm.result() for swarm in swarms]


def _wait(done: Callable[[], bool], deadline_seconds: float) -> None:
    deadline = time.monotonic() + deadline_seconds
    while not done():
        if time.monotonic() > deadline:
            raise StackError(f"a swarm has not ended after {deadline_seconds:.0f} s")
        time.sleep(POLL_SECONDS)
