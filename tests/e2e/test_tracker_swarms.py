"""The tracker with a table that is not ours, but moto's."""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.parse import quote

import libtorrent
import pytest

from scripts.stack.gateways import Request
from scripts.stack.tracker import TABLE, Tracker

# moto answers some dozens of requests a second, so swarms are planted, this many items at once.
BATCH = 25
TORRENT = b"+" * 20


@pytest.fixture
def tracker(tracker_binary: Path) -> Iterator[Tracker]:
    with contextlib.ExitStack() as owner:
        tracker = Tracker(owner, tracker_binary, AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/tracker")
        mark = {"torrent": {"B": TORRENT}, "peer": {"B": b"\0"}, "length": {"N": "10000"}}
        tracker.client.put_item(TableName=TABLE, Item=mark)
        yield tracker


def plant(tracker: Tracker, network: int, number: int, expires_in: int) -> None:
    """Puts leechers at 10.NETWORK.0.0 and up into the table."""
    puts = []
    for host in range(number):
        address = bytes([10, network, *host.to_bytes(2, "big")])
        place = hashlib.sha1(address, usedforsecurity=False).digest()[:8]
        numbers = {"left": 1_000, "up": 0, "down": 0, "expires": int(time.time()) + expires_in}
        item = {"torrent": {"B": TORRENT}, "peer": {"B": place + address + b"\x1a\xe1"}, "id": {"B": address * 5}}
        puts.append({"PutRequest": {"Item": item | {name: {"N": str(value)} for name, value in numbers.items()}}})
    for start in range(0, number, BATCH):
        tracker.client.batch_write_item(RequestItems={TABLE: puts[start : start + BATCH]})


def announce(tracker: Tracker, address: str, client: int, more: str = "&left=1000") -> dict[bytes, int | bytes]:
    """The answer to a client that calls from `address`."""
    query = f"info_hash={quote(TORRENT)}&peer_id={client:020d}&port=6881{more}"
    return libtorrent.bdecode(tracker.service.invoke(Request("GET", f"/announce?{query}", Message(), address)).body)


@pytest.mark.parametrize("others", [0, 300])
def test_a_client_with_two_addresses_is_counted_once(tracker: Tracker, others: int) -> None:
    plant(tracker, 1, others, 3_600)
    life = [("started", 0, 1_000), ("", 500, 500), ("completed", 1_000, 0), ("stopped", 1_200, 0)]
    for client in range(4):
        addresses = [f"192.0.2.{client}", f"2001:db8:0:{client}::1"]
        for event, moved, left in life:
            for address in addresses if client % 2 else reversed(addresses):
                announce(tracker, address, client, f"&event={event}&uploaded={moved}&downloaded={moved}&left={left}")
    lines = [json.loads(line) for line in tracker.log.read_text("utf-8").splitlines()]
    sums = [sum(line.get(name, 0) for line in lines) for name in ("BytesFromPeers", "BytesDownloaded", "Completed")]
    assert sums == [4 * 1_200, 4 * 1_200, 4]


def test_expired_peers_do_not_hide_the_others_and_are_removed(tracker: Tracker) -> None:
    plant(tracker, 1, 100, 3_600)
    plant(tracker, 2, 1_000, -60)
    for client in range(5):
        answer = announce(tracker, f"192.0.2.{client}", client)
        assert len(answer[b"peers"]) == 50 * 6 and 70 <= answer[b"incomplete"] <= 140
    pages = tracker.client.get_paginator("scan").paginate(TableName=TABLE, Select="COUNT")
    assert sum(page["Count"] for page in pages) < 1_100
