"""What the tracker takes: announces to one instance, its memory and its start.

The table is moto's, in a process of its own beside the tracker. It is far slower than the tracker, so announces a
second are moto's figure. The tracker's own is its CPU time.
"""

import base64
import contextlib
import functools
import http.client
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benches import cold_start, cpu, machine
from benches.bench import Bench, spread
from benches.report import Bar, Report
from scripts.stack import build
from scripts.stack.errors import StackError
from scripts.stack.tracker import TABLE, Tracker

FIRST, ANNOUNCES = 1_000, 30_000
SWARMS, PEERS = 10, 10
MARK = b"\0"
BUSY = b"the tracker is busy"
LARGEST_BINARY_MB, LONGEST_START_MS, MOST_GROWTH = 8, 15, 1.1

TEXT = """One instance of the release binary answers {announces:,} announces, one after the other, of {peers} peers in
each of {swarms} swarms. The table is moto's, in Python: its time is most of what an announce takes here, so only the
CPU time of the tracker's process is the tracker's own. Memory is VmRSS. {others}"""


class _Client:
    """Announces over one connection."""

    def __init__(self, owner: contextlib.ExitStack, tracker: Tracker) -> None:
        self._tracker = tracker
        self._url = urlsplit(tracker.url)
        self._connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port)
        owner.callback(self._connection.close)

    def register(self, torrent: bytes) -> None:
        """As the API does."""
        item = {"torrent": {"B": torrent}, "peer": {"B": MARK}}
        self._tracker.client.put_item(TableName=TABLE, Item=item)

    def announce(self, torrent: bytes, peer: int) -> float:
        """The seconds that it takes. Where moto is too slow for the tracker, the client comes again, as others do."""
        who = f"peer_id={f'-XX0001-{peer:012d}'}&port={1024 + peer}"
        query = f"info_hash={quote(torrent, safe='')}&{who}&left=1000000000&uploaded=1000000&downloaded=1000000"
        body, start = BUSY, time.monotonic()
        while BUSY in body:
            self._connection.request("GET", f"{self._url.path}?{query}")
            body = self._connection.getresponse().read()
        seconds = time.monotonic() - start
        if b"8:intervali" not in body or b"failure reason" in body:
            raise StackError(f"an announce is answered with {body!r}")
        return seconds


def run(bench: Bench) -> Report:
    """Announces, then starts."""
    binary, others = build.tracker(bench.owner), machine.others()
    announces = 100 if bench.quick else ANNOUNCES
    known = {"announces": announces, "peers": PEERS, "swarms": SWARMS}
    report = Report("Tracker", TEXT.format(**known, others=others), ["figure", "value"])
    with contextlib.ExitStack() as owner:
        tracker = Tracker(owner, binary, processes=1)
        client = _Client(owner, tracker)
        _add_load(report, tracker, client, announces)
    _add_binary(report, binary, bench.runs(cold_start.RUNS))
    return report


def _add_load(report: Report, tracker: Tracker, client: _Client, announces: int) -> None:
    torrents = [random.Random(number).randbytes(20) for number in range(SWARMS)]
    for torrent in torrents:
        client.register(torrent)
    pid, pids = tracker.processes[0].pid, [tracker.processes[0].pid, tracker.table.process.pid]
    seconds, first_mib = [], 0.0
    before = [cpu.seconds(each) for each in pids]
    for number in range(announces):
        seconds.append(client.announce(torrents[number % SWARMS], number // SWARMS % PEERS))
        if number < FIRST:
            first_mib = cpu.resident_mib(pid)
    own, tables = ((cpu.seconds(each) - start) / announces * 1000 for each, start in zip(pids, before, strict=True))
    percentiles, last_mib = statistics.quantiles(seconds, n=100), cpu.resident_mib(pid)
    report.rows += [
        ["announces a second, one instance, with moto's table", f"{announces / sum(seconds):.0f}"],
        ["an announce, p50, ms", f"{percentiles[49] * 1000:.2f}"],
        ["an announce, p99, ms", f"{percentiles[98] * 1000:.2f}"],
        ["CPU of the tracker for an announce, ms", f"{own:.2f}"],
        ["CPU of moto for an announce, ms", f"{tables:.2f}"],
        [f"memory after {min(FIRST, announces):,} announces, MiB", f"{first_mib:.1f}"],
        [f"memory after {announces:,} announces, MiB", f"{last_mib:.1f}"],
    ]
    report.bars.append(
        Bar("memory at the end, times that after the first announces", last_mib / first_mib, MOST_GROWTH)
    )


def _add_binary(report: Report, binary: Path, times: int) -> None:
    variables = {**cold_start.VARIABLES, "TRACKER_TABLE": TABLE}
    # A refusal needs no table.
    context = {"http": {"method": "GET", "path": "/announce", "sourceIp": "192.0.2.1"}, "stage": "$default"}
    event = {"version": "2.0", "rawPath": "/announce", "rawQueryString": "", "headers": {}, "requestContext": context}
    once = functools.partial(cold_start.once, binary, variables, json.dumps(event).encode(), _is_refusal)
    starts = [once() for _ in range(times)]
    binary_mb, zip_mb = cold_start.sizes(binary)
    report.rows += [
        ["cold start: first request for work, ms", spread(starts)],
        ["binary and zip, MB", f"{binary_mb:.2f} and {zip_mb:.2f}"],
    ]
    report.bars += [
        Bar("first request for work, ms", statistics.median(starts), LONGEST_START_MS),
        Bar("binary, MB", binary_mb, LARGEST_BINARY_MB),
    ]


def _is_refusal(answer: dict[str, Any]) -> bool:
    return answer.get("statusCode") == 200 and b"failure reason" in base64.b64decode(answer["body"])
