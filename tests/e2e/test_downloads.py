"""BitTorrent clients finish by the torrent, from the web seed alone: no peers, trackers or DHT."""

import filecmp
from pathlib import Path

import clients
import pytest
from downloads import by_all
from functions import Functions
from store import KIB, MIB, OPEN, Store, random_bytes

from scripts.stack import metainfo


@pytest.mark.parametrize(
    ("length", "piece_length"),
    [(1, 256 * KIB), (256 * KIB, 256 * KIB), (256 * KIB + 1, 16 * KIB), (5 * MIB + 3, 4 * MIB), (64 * MIB, 256 * KIB)],
)
def test_a_download_has_the_same_bytes(
    functions: Functions, store: Store, folder: Path, length: int, piece_length: int
) -> None:
    file, key = folder / "original", store.key(f"{length}.bin")
    file.write_bytes(random_bytes(length))
    # In parts where it is large.
    store.client.upload_file(str(file), OPEN, key)
    torrent = clients.boto_torrent(functions.start(PIECE_LENGTH=str(piece_length)).endpoint, OPEN, key)
    assert metainfo.read(torrent).piece_length == piece_length
    for client, downloaded in by_all(torrent, folder).items():
        assert downloaded.name == f"{length}.bin", client
        assert filecmp.cmp(file, downloaded, shallow=False), client
