"""A model of many downloads, one after the other: what S3 sends for each, and how long it takes, by links and seeding.

Peers share what all of them upload. A download with web seeds is as fast as its line: S3 sends what the peers do not,
and never less than `_least` of the file, as was measured. One without them is as fast as the peers. `swarm` holds it to
its own runs.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MB, MIB, GB = 1e6, 2.0**20, 1e9
MINUTE, HOUR, MONTH = 60, 3_600, 30 * 24 * 3_600
# Each of two web seeds reserves 16 MiB at a time.
RESERVED = 32 * MIB
# What each seeder takes of that, in file sizes, as was measured.
TAKEN = 0.01
# A seeder counts when it has stayed for so long.
STAY = 9 * MINUTE
STEPS = 40

DOWNLOADS, SIZE = 1_000, 10 * GB
DOWN = 12.5 * MB
SEED_BOX = 12.5 * MB
COLUMNS = ("down : up", "downloaders seed for", "a seed box", "web seeds always", "while needed")


@dataclass(frozen=True)
class Crowd:
    """Who downloads what. Rates are in bytes a second, times in seconds."""

    size: float
    down: float
    up: float
    # How long each seeds, and how often one comes.
    seeding: float
    every: float
    downloads: int = DOWNLOADS
    # What one more seeder that is always on uploads.
    box: float = 0
    stay: float = STAY
    # If not, one comes whenever: at random, but as often.
    is_regular: bool = False


@dataclass
class _Leecher:
    started: float
    is_bare: bool
    got: float = 0


@dataclass
class _State:
    crowd: Crowd
    enough: float
    leechers: list[_Leecher] = field(default_factory=list)
    # Since when and until when each seeder is there.
    seeders: list[tuple[float, float]] = field(default_factory=list)
    slow_until: float = 0
    sent: float = 0
    seconds: list[float] = field(default_factory=list)

    def arrive(self, now: float) -> None:
        """One more comes. It gets no web seeds if those who stay are fast enough for all without, and for one more."""
        self.seeders = [seeder for seeder in self.seeders if seeder[1] > now]
        settled = sum(since + self.crowd.stay <= now for since, _ in self.seeders) * self.crowd.up + self.crowd.box
        bare = sum(leecher.is_bare for leecher in self.leechers)
        is_bare = 0 < self.enough * (bare + 1) <= settled and self.slow_until <= now
        self.leechers.append(_Leecher(now, is_bare))

    def step(self, now: float, seconds: float) -> None:
        """What moves in so many seconds."""
        crowd = self.crowd
        self.seeders = [seeder for seeder in self.seeders if seeder[1] > now]
        supply = (len(self.seeders) + max(0, len(self.leechers) - 1)) * crowd.up + crowd.box
        each = supply / max(1, len(self.leechers))
        least = max(0.5, min(0.9, RESERVED / crowd.size) - TAKEN * len(self.seeders))
        from_s3 = max(least, 1 - each / crowd.down) * crowd.down
        bare = sum(leecher.is_bare for leecher in self.leechers)
        left = supply - (len(self.leechers) - bare) * (crowd.down - from_s3)
        for leecher in self.leechers:
            rate = min(crowd.down, left / bare) if leecher.is_bare else crowd.down
            if leecher.is_bare and rate < self.enough / 4:
                # It is told, and adds the torrent again.
                leecher.is_bare, self.slow_until = False, now + HOUR
            self.sent += 0 if leecher.is_bare else min(from_s3 * seconds, crowd.size - leecher.got)
            leecher.got += rate * seconds
        for leecher in [leecher for leecher in self.leechers if leecher.got >= crowd.size]:
            self.leechers.remove(leecher)
            self.seconds.append(now + seconds - leecher.started)
            self.seeders.append((now, now + crowd.seeding))


def simulate(crowd: Crowd, enough: float = 0) -> tuple[float, float]:
    """S3's share of a download, and the mean seconds, with `enough` as `ENOUGH_SPEED`."""
    arrivals, chance = [], random.Random(21)
    for number in range(crowd.downloads):
        gap = crowd.every if crowd.is_regular else chance.expovariate(1 / crowd.every)
        arrivals.append(arrivals[-1] + gap if number else 0)
    state, now, step = _State(crowd, enough), 0.0, crowd.size / crowd.down / STEPS
    while arrivals or state.leechers:
        if not state.leechers:
            now = max(now, arrivals[0])
        while arrivals and arrivals[0] <= now:
            state.arrive(arrivals.pop(0))
        state.step(now, step)
        now += step
    return state.sent / crowd.size / crowd.downloads, sum(state.seconds) / crowd.downloads


def rows() -> Iterator[Sequence[str]]:
    """A thousand downloads of 10 GB in a month, on lines of 100 Mbit/s."""
    for part in (1, 4, 10):
        for seeding, box in ((0, 0), (1 * HOUR, 0), (8 * HOUR, 0), (24 * HOUR, 0), (0, SEED_BOX)):
            crowd = Crowd(SIZE, DOWN, DOWN / part, seeding, MONTH / DOWNLOADS, box=box)
            always, needed = (simulate(crowd, enough) for enough in (0, DOWN / 2))
            cells = [f"{share:.2f}, {seconds / MINUTE:.0f} min" for share, seconds in (always, needed)]
            yield [f"{part} : 1", f"{seeding // HOUR} h", "yes" if box else "", *cells]
