"""What swarms that are large, old or hostile do to the tracker, whose table is moto's."""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import libtorrent
import pytest

from scripts.stack.gateways import Request
from scripts.stack.tracker import TABLE, Tracker

# moto answers some dozens of requests a second, so swarms are planted.
BATCH = 25


class Swarm:
    """A torrent of its own in the table."""

    def __init__(self, tracker: Tracker, name: str, length: int) -> None:
        self._tracker = tracker
        self.torrent = hashlib.sha1(name.encode(), usedforsecurity=False).digest()
        self._logged = tracker.log.stat().st_size
        mark = {"torrent": {"B": self.torrent}, "peer": {"B": b"\0"}, "length": {"N": str(length)}}
        tracker.client.put_item(TableName=TABLE, Item=mark)

    def plant(self, network: int, number: int, *, expires_in: int = 3_600, left: int = 1_000) -> None:
        """Peers at 10.NETWORK.0.0 and up, in the layout of versions before this one."""
        expires = str(int(time.time()) + expires_in)
        items = []
        for host in range(number):
            address = bytes([10, network, *host.to_bytes(2, "big"), 0x1A, 0xE1])
            key = hashlib.sha1(address, usedforsecurity=False).digest()[:8] + address
            numbers = {"left": left, "up": 0, "down": 0, "expires": expires}
            items.append(
                {"torrent": {"B": self.torrent}, "peer": {"B": key}, "id": {"B": address.rjust(20, b"-")}}
                | {name: {"N": str(value)} for name, value in numbers.items()}
            )
        for start in range(0, number, BATCH):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
            self._tracker.client.batch_write_item(RequestItems={TABLE: puts})

    def announce(
        self, address: str, client: int, more: str = "", *, port: int = 6881, left: int = 1_000
    ) -> dict[bytes, int | bytes]:
        """The answer to a client that calls from `address`."""
        who = f"info_hash={quote(self.torrent, safe='')}&peer_id={client:020d}&port={port}"
        request = Request("GET", f"/announce?{who}&left={left}{more}", Message(), address)
        return libtorrent.bdecode(self._tracker.service.invoke(request).body)

    def counted(self) -> tuple[int, int, int]:
        """Bytes from peers, bytes downloaded, and completed downloads, since the torrent was registered."""
        lines = [json.loads(line) for line in self._tracker.log.read_text("utf-8")[self._logged :].splitlines()]
        metrics = ("BytesFromPeers", "BytesDownloaded", "Completed")
        return tuple(sum(line.get(metric, 0) for line in lines) for metric in metrics)

    def sort_keys(self) -> list[bytes]:
        """Of its items."""
        pages = self._tracker.client.get_paginator("query").paginate(
            TableName=TABLE,
            KeyConditionExpression="torrent = :torrent",
            ExpressionAttributeValues={":torrent": {"B": self.torrent}},
        )
        return [item["peer"]["B"] for page in pages for item in page["Items"]]


def peers(answer: dict[bytes, int | bytes]) -> Sequence[str]:
    """The IPv4 addresses that the answer names."""
    compact = answer[b"peers"]
    assert isinstance(compact, bytes)
    return [str(ip_address(compact[at : at + 4])) for at in range(0, len(compact), 6)]


@pytest.fixture(scope="module")
def tracker(tracker_binary: Path) -> Iterator[Tracker]:
    with contextlib.ExitStack() as owner:
        yield Tracker(owner, tracker_binary, AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/tracker")


@pytest.mark.parametrize("others", [0, 300])
def test_a_client_with_two_addresses_is_counted_once(tracker: Tracker, others: int) -> None:
    swarm = Swarm(tracker, f"two addresses, {others}", 10_000)
    swarm.plant(1, others)
    life = [("started", 0, 1_000), ("", 500, 500), ("completed", 1_000, 0), ("stopped", 1_200, 0)]
    for client in range(4):
        addresses = [f"192.0.2.{client}", f"2001:db8:0:{client}::1"]
        for event, moved, left in life:
            for address in addresses if client % 2 else reversed(addresses):
                moved_so_far = f"&event={event}&uploaded={moved}&downloaded={moved}"
                swarm.announce(address, client, moved_so_far, left=left)
    assert swarm.counted() == (4 * 1_200, 4 * 1_200, 4)


def test_peers_that_are_out_of_date_do_not_hide_the_others(tracker: Tracker) -> None:
    swarm = Swarm(tracker, "expired", 1_000)
    swarm.plant(1, 100)
    swarm.plant(2, 1_000, expires_in=-60)
    for client in range(5):
        answer = swarm.announce(f"192.0.2.{client}", client)
        assert len(peers(answer)) == 50
        assert 70 <= answer[b"incomplete"] <= 140
    assert len(swarm.sort_keys()) < 1_100


def test_one_address_fills_neither_the_table_nor_an_answer(tracker: Tracker) -> None:
    swarm = Swarm(tracker, "one address", 1_000)
    swarm.plant(1, 10)
    for port in range(1, 101):
        swarm.announce("203.0.113.9", port, port=port)
    assert len([key for key in swarm.sort_keys() if bytes([203, 0, 113, 9]) in key]) == 32
    told = peers(swarm.announce("192.0.2.1", 0))
    assert len([address for address in told if address.startswith("10.")]) == 10


def test_the_only_seed_among_thousands_is_told_to_every_leecher(tracker: Tracker) -> None:
    swarm = Swarm(tracker, "one seed", 1_000)
    swarm.plant(1, 2_000)
    swarm.announce("203.0.113.1", 1, "&event=started", port=1)
    swarm.announce("203.0.113.1", 1, "&event=completed", port=1, left=0)
    for client in range(2, 7):
        answer = swarm.announce(f"192.0.2.{client}", client)
        assert "203.0.113.1" in peers(answer) and len(peers(answer)) == 50
        assert answer[b"complete"] == 1


def test_what_a_function_url_does_to_a_query(tracker: Tracker) -> None:
    swarm = Swarm(tracker, "query", 1_000)
    for raw, told in (("+", True), ("%2B", True), ("%20", False)):
        torrent = b"+" * 20
        mark = {"torrent": {"B": torrent}, "peer": {"B": b"\0"}}
        tracker.client.put_item(TableName=TABLE, Item=mark)
        target = f"/announce?info_hash={raw * 20}&peer_id={raw * 20}&port=1"
        body = tracker.service.invoke(Request("GET", target, Message(), "192.0.2.1")).body
        assert (b"interval" in body) == told, body
    for refused in "/$":
        answer = tracker.service.invoke(Request("GET", f"/announce?info_hash={refused}", Message()))
        assert answer.status == 400
    assert swarm.counted() == (0, 0, 0)
