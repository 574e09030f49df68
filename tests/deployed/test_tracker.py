"""The tracker at its Function URL, as BitTorrent clients ask it."""

from pathlib import Path
from urllib.parse import quote_from_bytes

import clients
import libtorrent
import pytest
from botocore.client import BaseClient
from deployment import Stack
from served import OPEN, announce, ask

# Together, these have every byte there is.
HASHES = [bytes((first + number) % 256 for number in range(20)) for first in range(0, 256, 20)]
MARK = b"\0"


@pytest.mark.parametrize("info_hash", HASHES, ids=bytes.hex)
def test_every_byte_of_an_info_hash_arrives(stack: Stack, folder: Path, info_hash: bytes) -> None:
    assert announce(stack, folder, info_hash)[b"failure reason"] == b"unregistered torrent"
    item = {"torrent": {"B": info_hash}, "peer": {"B": MARK}}
    stack.emulator.client("dynamodb").put_item(TableName=stack.outputs["TrackerTableName"], Item=item)
    assert b"interval" in announce(stack, folder, info_hash)


def test_peers_of_a_torrent_find_each_other(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="shared", Body=b"content")
    answer = ask(stack, folder, "shared")
    info_hash = bytes.fromhex(answer.headers["x-torrent-info-hash"])
    assert announce(stack, folder, info_hash, port="7001", left="0")[b"peers"] == b""
    found = announce(stack, folder, info_hash, b"-XX0001-bbbbbbbbbbbb", port="7002")
    assert found[b"peers"] == bytes((127, 0, 0, 1)) + (7001).to_bytes(2, "big")
    url = stack.tracker.removesuffix("announce") + f"scrape?info_hash={quote_from_bytes(info_hash)}"
    counts = libtorrent.bdecode(clients.curl(url, folder).body)[b"files"][info_hash]
    assert (counts[b"complete"], counts[b"incomplete"]) == (1, 1)
