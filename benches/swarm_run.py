"""Swarms side by side, one for each way to name web seeds, and what the web seeds sent."""

import contextlib
import filecmp
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libtorrent

from benches import objects
from benches.objects import MIB
from benches.swarm_peers import Link, Peer
from benches.swarm_web_seeds import WebSeeds
from scripts.stack import build, http, temporary
from scripts.stack.errors import StackError
from scripts.stack.function import Function, built, settings
from scripts.stack.seaweedfs import ROLE, SeaweedFS
from scripts.stack.tracker import Tracker

BUCKET = "data"
# The tracker's hour takes two minutes.
TIME_SCALE = 1 / 30
# Seeders that are there before: so long that the tracker has seen them stay.
STAY_SECONDS = 25
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 300
ENOUGH = "while needed"
# How many web seeds a torrent has, and whether it may have none.
WAYS: Mapping[str, int] = {"2": 2, "1": 1, ENOUGH: 2}


_NONE = Link(0, 0)


@dataclass(frozen=True)
class Case:
    """What a swarm is made of."""

    name: str
    link: Link
    mib: int
    peers: int = 10
    # Peers start one after the other, this long apart.
    every_seconds: float = 0
    # For how many times its own download each peer stays, by turns.
    stays: tuple[float, ...] = (1000,)
    # Those that have the file from the start, and their links.
    seeders: int = 0
    seeder: Link = _NONE

    @property
    def enough_speed(self) -> int:
        """`ENOUGH_SPEED` is half of a line."""
        return self.link.down // 2


@dataclass(frozen=True)
class Result:
    """The figures of one run."""

    # What the web seeds sent for each download, in file sizes.
    share: float
    # How long each download took, in order.
    seconds: list[float]

    @property
    def mean(self) -> float:
        """Of the seconds."""
        return statistics.mean(self.seconds)


@dataclass
class Swarm:
    """A running swarm."""

    case: Case
    file: Path
    folder: Path
    torrent: Callable[[], bytes]
    running: contextlib.ExitStack
    peers: list[Peer] = field(default_factory=list)
    present: dict[Peer, float] = field(default_factory=dict)
    begin: float = 0.0

    def prepare(self) -> None:
        """Starts the seeders. If there are several, two clients download from them alone, so that rates are proven."""
        case, torrent = self.case, self.torrent()
        for _ in range(case.seeders):
            Peer(self.running, torrent, self.file.parent, case.seeder)
        if case.seeders > 1:
            first = [
                Peer(self.running, _bare(torrent), self.folder / f"first-{number}", case.link) for number in (1, 2)
            ]
            _wait(lambda: all([peer.is_complete() for peer in first]))
            for peer in first:
                peer.leave()

    def is_done(self) -> bool:
        """Whether all have the file. It has to be asked often: it starts peers, and lets them leave."""
        case, now = self.case, time.monotonic()
        self.begin = self.begin or now
        while len(self.peers) < case.peers and now >= self.begin + len(self.peers) * case.every_seconds:
            peer = Peer(self.running, self.torrent(), self.folder / str(len(self.peers)), case.link)
            self.present[peer] = case.stays[len(self.peers) % len(case.stays)]
            self.peers.append(peer)
        done = [peer.is_complete() for peer in self.peers]
        for peer in [peer for peer, times in self.present.items() if peer.seconds and not peer.stays(times)]:
            peer.leave()
            del self.present[peer]
        return len(done) == case.peers and all(done)


def side_by_side(cases: Sequence[Case]) -> Mapping[Case, Mapping[str, Result]]:
    """Runs a swarm for each case and each of `WAYS`, all at the same time."""
    with contextlib.ExitStack() as owner:
        files, folder = temporary.folder(owner, "objects"), temporary.folder(owner, "swarm")
        web_seeds, server = WebSeeds(owner, files), SeaweedFS(owner)
        server.create_bucket(BUCKET, public=True)
        # What the peers sent counts when their connections are closed.
        running = contextlib.ExitStack()
        swarms = {}
        for case in cases:
            scale = {"ENOUGH_SPEED": f"{case.enough_speed}", "TRACKER_TIME_SCALE": f"{TIME_SCALE}"}
            tracker = Tracker(owner, build.tracker(owner), TRACKER_CHECKS_ANY_ADDRESS="true", **scale)
            for way, count in WAYS.items():
                # Swarms are told apart by the file's name.
                file = objects.write(files / f"{len(swarms)}.bin", case.mib * MIB)
                objects.upload(server, file, BUCKET)
                variables = {"BUCKETS": BUCKET, "WEB_SEEDS": ",".join(web_seeds.templates[:count]), **tracker.variables}
                variables |= scale if way == ENOUGH else {}
                function = built(owner, build.release(owner), settings(server.endpoint, ROLE, variables))
                asking = _asking(function, file.name)
                swarms[case, way] = Swarm(case, file, folder / file.stem, asking, running)
        owner.push(running)
        for swarm in swarms.values():
            swarm.prepare()
        time.sleep(STAY_SECONDS if any(case.seeders for case in cases) else 0)
        _wait(lambda: all([swarm.is_done() for swarm in swarms.values()]), max(map(_duration, cases)))
        running.close()
        sent = web_seeds.bytes_sent()
        results = {key: _result(swarm, sent.get(swarm.file.name, 0)) for key, swarm in swarms.items()}
        return {case: {way: results[case, way] for way in WAYS} for case in cases}


def _duration(case: Case) -> float:
    return case.peers * case.every_seconds


def _asking(function: Function, key: str) -> Callable[[], bytes]:
    def ask() -> bytes:
        torrent = http.body(f"{function.endpoint}/{BUCKET}/{key}?torrent")
        if torrent is None:
            raise StackError(f"no torrent of {key}: see {function.log}")
        return torrent

    return ask


def _bare(torrent: bytes) -> bytes:
    """Without web seeds."""
    return libtorrent.bencode({key: value for key, value in libtorrent.bdecode(torrent).items() if key != b"url-list"})


def _result(swarm: Swarm, sent: int) -> Result:
    folders = [swarm.folder / str(number) for number in range(len(swarm.peers))]
    if not all(filecmp.cmp(swarm.file, folder / swarm.file.name, shallow=False) for folder in folders):
        raise StackError(f"{swarm.case.name}: a download differs from the file")
    downloaded = swarm.file.stat().st_size * len(folders)
    return Result(sent / downloaded, [peer.seconds or 0 for peer in swarm.peers])


def _wait(done: Callable[[], bool], seconds: float = 0) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS + seconds
    while not done():
        if time.monotonic() > deadline:
            raise StackError(f"a swarm did not finish after {PATIENCE_SECONDS + seconds:.0f} s")
        time.sleep(POLL_SECONDS)
