"""The first request for an object: a new function, which reads it all, and what that took."""

import contextlib
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches import cpu, request_log
from benches.cpu import Usage
from benches.request_log import REQUEST_SECONDS
from scripts.stack.function import built

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Answer:
    """A torrent, what the function's process took from the request to the answer, and the log's line of it."""

    torrent: bytes
    usage: Usage
    line: Mapping[str, Any]


def ask(binary: Path, env: Mapping[str, str], bucket: str, key: str, origin: str = "object") -> Answer:
    """Starts the function, asks it for one torrent, and ends it. The start is counted in its memory alone.

    Each request keeps its torrent elsewhere, so that none finds one.
    """
    prefix = f"run-{next(_NUMBERS)}/"
    limits = {"BUCKETS": bucket, "TIME_BUDGET_MS": str(REQUEST_SECONDS * 1000), "SIDECAR_PREFIX": prefix}
    with contextlib.ExitStack() as owner:
        function = built(owner, binary, {**env, **limits}, timeout_seconds=REQUEST_SECONDS)
        pid = function.process.pid
        cpu_before, start = cpu.seconds(pid), time.monotonic()
        torrent = request_log.torrent(function, bucket, key, origin)
        wall, cpu_seconds = time.monotonic() - start, cpu.seconds(pid) - cpu_before
        return Answer(torrent, Usage(wall, cpu_seconds, cpu.peak_mib(pid)), request_log.last(function, key))
