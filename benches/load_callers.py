"""The load generator: callers side by side, each with one request at a time."""

import contextlib
import http.client
import itertools
import queue
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from benches import load_requests
from benches.load_requests import BASELINE, BUCKET, MISS, ROUND, WITHOUT_OBJECT, Answer, Ask, Stored
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

    def __init__(self, function: str, s3: str, fresh: Sequence[Stored] = ()) -> None:
        self.outcomes: list[Outcome] = []
        self._function, self._s3 = (
            http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS) for url in (function, s3)
        )
        # No other caller asks for these.
        self.fresh = itertools.cycle(fresh)

    def ask(self, ask: Ask) -> Answer | None:
        """The answer, or `None` without one. The outcome is noted."""
        connection = self._s3 if ask.kind == BASELINE else self._function
        answer, start = None, time.perf_counter()
        try:
            connection.request(ask.method, ask.target, headers=dict(ask.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            fault: str | None = f"no answer: {error!r}"
        seconds = time.perf_counter() - start
        if answer is not None:
            fault = ask.fault(answer)
        self.outcomes.append(Outcome(ask.kind, seconds, fault))
        return answer

    def close(self) -> None:
        """Both connections."""
        self._function.close()
        self._s3.close()


class Load:
    """Callers of one function, and the objects that they ask for."""

    def __init__(self, endpoint: str, server: SeaweedFS, hits: Sequence[Stored], fresh: Sequence[Sequence[Stored]]):
        """A caller for each part of `fresh`, whose sidecars are deleted before they are asked for.

        The torrents of all `hits` are made here, which is no part of the load.
        """
        self._s3 = server.client()
        self._hits = hits
        self._etags = _prepared(Caller(endpoint, server.endpoint), hits)
        self._callers = [Caller(endpoint, server.endpoint, own) for own in fresh]
        self._free: queue.SimpleQueue[Caller] = queue.SimpleQueue()
        for caller in self._callers:
            self._free.put(caller)
        self._rounds = itertools.count()

    @property
    def outcomes(self) -> list[Outcome]:
        """Of all requests so far."""
        return [outcome for caller in self._callers for outcome in caller.outcomes]

    def run(self, rounds: int) -> None:
        """So many rounds, as callers come free."""
        with ThreadPoolExecutor(len(self._callers)) as pool:
            for _ in pool.map(self._round, itertools.islice(self._rounds, rounds)):
                pass

    def close(self) -> None:
        """All connections."""
        for caller in self._callers:
            caller.close()

    def _round(self, number: int) -> None:
        caller = self._free.get()
        chosen, start = random.Random(number), number * STRIDE % len(ROUND)
        for kind in (*ROUND[start:], *ROUND[:start]):
            caller.ask(self._next(kind, caller, chosen))
        self._free.put(caller)

    def _next(self, kind: str, caller: Caller, chosen: random.Random) -> Ask:
        if kind in WITHOUT_OBJECT:
            return WITHOUT_OBJECT[kind]
        if kind == MISS:
            stored = next(caller.fresh)
            self._s3.delete_object(Bucket=BUCKET, Key=f"{stored.key}.torrent")
            return load_requests.first(stored)
        stored = chosen.choice(self._hits)
        return load_requests.cached(kind, stored, self._etags[stored.key])


def _prepared(caller: Caller, hits: Sequence[Stored]) -> dict[str, str]:
    """The torrents' ETags by the objects' keys."""
    with contextlib.closing(caller):
        answers = {stored.key: caller.ask(load_requests.first(stored)) for stored in hits}
    faults = [outcome.fault for outcome in caller.outcomes if outcome.fault]
    if faults:
        raise StackError(f"the torrents of the hits cannot be made: {faults[0]}")
    return {key: answer.headers["etag"] for key, answer in answers.items() if answer is not None}
