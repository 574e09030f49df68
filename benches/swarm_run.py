"""A swarm from its start until all have the file, and what its web seeds sent meanwhile."""

import contextlib
import filecmp
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benches import first_request
from benches.nginx import BUCKET
from benches.swarm_peers import BYTES_PER_SECOND, Peer
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
    # How long the median peer took.
    seconds: float


@dataclass(frozen=True)
class Case:
    """What a swarm is made of."""

    web_seeds: int
    libtorrent: int
    tracker: bool = True
    # One more peer has the file from the start.
    seeder: bool = False
    # Peers start one after the other, this long apart.
    every_seconds: int = 0
    # Peers leave as soon as they have the file.
    leaves: bool = False

    @property
    def peers(self) -> str:
        """A description for the table."""
        parts = {
            f"{self.libtorrent} libtorrent": self.libtorrent,
            "1 seeder": self.seeder,
            f"one every {self.every_seconds} s": self.every_seconds,
            "leaves at 100 %": self.leaves,
        }
        return ", ".join(text for text, applies in parts.items() if applies)


class Swarm:
    """A running swarm."""

    def __init__(self, owner: contextlib.ExitStack, case: Case, binary: Path, file: Path) -> None:
        self._case, self._file = case, file
        self._web_seeds = WebSeeds(owner, file.parent)
        torrent = self._torrent(owner, binary)
        folder = temporary.folder(owner, "swarm")
        # The web seeds count a response only when its connection is done with it, so the peers end before that.
        self._running = owner.enter_context(contextlib.ExitStack())
        if case.seeder:
            seeder = Peer(self._running, torrent, file.parent)
            _wait(seeder.is_complete, SETTLE_SECONDS)
        self._folders = [folder / str(number) for number in range(case.libtorrent)]
        start = time.monotonic()
        # What is to be started, and when.
        self._waiting = [
            (start + number * case.every_seconds, partial(Peer, self._running, torrent, place))
            for number, place in enumerate(self._folders)
        ]
        # The peers that have no whole file yet, and since when they run.
        self._downloading: dict[Peer, float] = {}
        self._seconds: list[float] = []

    def is_done(self) -> bool:
        """Whether all have the file. It has to be asked often: it starts peers, and notes when each is complete."""
        while self._waiting and time.monotonic() >= self._waiting[0][0]:
            _, start = self._waiting.pop(0)
            self._downloading[start()] = time.monotonic()
        for peer in [peer for peer in self._downloading if peer.is_complete()]:
            self._seconds.append(time.monotonic() - self._downloading.pop(peer))
            if self._case.leaves:
                peer.leave()
        return not self._waiting and not self._downloading

    def result(self) -> Result:
        """Ends the swarm, and checks what was downloaded."""
        self._running.close()
        if not all(filecmp.cmp(self._file, folder / self._file.name, shallow=False) for folder in self._folders):
            raise StackError(f"{self._case.peers}: a download differs from the file")
        downloaded = self._file.stat().st_size * len(self._folders)
        return Result(self._web_seeds.bytes_sent() / downloaded, statistics.median(self._seconds))

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
            raise StackError(f"a swarm did not finish after {deadline_seconds:.0f} s")
        time.sleep(POLL_SECONDS)
