"""BitTorrent clients finish by the torrent, from the web seed alone: no peers, trackers or DHT."""

import filecmp
from pathlib import Path

import clients
import pytest
from downloads import by_all, libtorrent
from functions import Functions
from store import GIB, KIB, MIB, OPEN, Store, write_large

from scripts.stack import metainfo

LENGTHS = {
    "1-byte": 1,
    "piece-less-1": 256 * KIB - 1,
    "piece": 256 * KIB,
    "piece-and-1": 256 * KIB + 1,
    "5-MiB-and-3": 5 * MIB + 3,
    "64-MiB": 64 * MIB,
}


def upload(store: Store, folder: Path, length: int) -> tuple[Path, str]:
    """A file of `length`, put by boto3's own upload: in parts where it is large."""
    file, key = folder / "original", store.key(f"{length}.bin")
    write_large(file, length)
    store.client.upload_file(str(file), OPEN, key)
    return file, key


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_a_download_has_the_same_bytes(endpoint: str, store: Store, folder: Path, length: int) -> None:
    file, key = upload(store, folder, length)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    for client, downloaded in by_all(torrent, folder).items():
        assert downloaded.name == f"{length}.bin", client
        assert filecmp.cmp(file, downloaded, shallow=False), client


@pytest.mark.parametrize("piece_length", [16 * KIB, 4 * MIB])
def test_other_piece_lengths_download_too(functions: Functions, store: Store, folder: Path, piece_length: int) -> None:
    endpoint = functions.start(PIECE_LENGTH=str(piece_length)).endpoint
    file, key = upload(store, folder, 5 * MIB + 3)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    assert metainfo.read(torrent).piece_length == piece_length
    assert filecmp.cmp(file, libtorrent(torrent, folder), shallow=False)


def test_a_gibibyte(endpoint: str, store: Store, folder: Path) -> None:
    file, key = upload(store, folder, GIB)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    contents = metainfo.read(torrent)
    assert (contents.length, contents.piece_length, contents.piece_count) == (GIB, 512 * KIB, 2048)
    assert filecmp.cmp(file, libtorrent(torrent, folder), shallow=False)
    store.client.delete_object(Bucket=OPEN, Key=key)
