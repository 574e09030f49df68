"""The load generator: callers side by side, each with one request at a time."""

import http.client
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from benches import load_requests
from benches.load_requests import BASELINE, BUCKET, MISS, ROUND, Ask, Stored
from scripts.stack.errors import StackError
from scripts.stack.seaweedfs import SeaweedFS

# Longer than a Lambda may take.
ANSWER_SECONDS = 60
# Between the places of the round where two rounds begin, so that misses do not come all at once.
STRIDE = 5


@dataclass(frozen=True)
class Outcome:
    """How a request ended."""

    kind: str
    seconds: float
    fault: str | None


class Caller:
    """Asks one thing after the other, each server by a connection that is kept."""

    def __init__(self, function: str, server: SeaweedFS) -> None:
        self.outcomes: list[Outcome] = []
        self._client = server.client()
        self._function, self._s3 = (
            http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS)
            for url in (function, server.endpoint)
        )

    def prepared(self, hits: Sequence[Stored]) -> list[Stored]:
        """Makes the torrents of `hits`, which is no part of the load, and returns these with their ETags."""
        found = [replace(stored, etag=self.ask(load_requests.of(MISS, stored)) or "") for stored in hits]
        if faults := [outcome.fault for outcome in self.outcomes if outcome.fault]:
            raise StackError(f"the torrents of the hits cannot be made: {faults[0]}")
        self.outcomes.clear()
        return found

    def run(self, rounds: Iterator[int], hits: Sequence[Stored], fresh: Sequence[Stored]) -> None:
        """The rounds, of which other callers take some, too. No other caller asks for `fresh`."""
        misses = itertools.cycle(fresh)
        for number in rounds:
            chosen, start = random.Random(number), number * STRIDE % len(ROUND)
            for kind in (*ROUND[start:], *ROUND[:start]):
                stored = next(misses) if kind == MISS else chosen.choice(hits)
                if kind == MISS:
                    self._client.delete_object(Bucket=BUCKET, Key=f"{stored.key}.torrent")
                self.ask(load_requests.of(kind, stored))

    def ask(self, ask: Ask) -> str | None:
        """The answer's ETag. The outcome is noted."""
        connection = self._s3 if ask.kind == BASELINE else self._function
        etag, fault, start = None, None, time.perf_counter()
        try:
            connection.request(ask.method, ask.target, headers=dict(ask.headers))
            response = connection.getresponse()
            body, seconds = response.read(), time.perf_counter() - start
            etag = response.getheader("etag")
            headers = (response.getheader(f"x-torrent-{name}") for name in ("origin", "info-hash"))
            found = (response.status, *headers, load_requests.content(body))
            fault = None if found == ask.expected else f"{found} instead of {ask.expected}"
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            seconds, fault = time.perf_counter() - start, f"no answer: {error!r}"
        self.outcomes.append(Outcome(ask.kind, seconds, fault))
        return etag

    def close(self) -> None:
        """Both connections."""
        self._function.close()
        self._s3.close()
