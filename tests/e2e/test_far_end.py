"""The torrents of S3's largest objects: the function answers with them, and the real clients load them."""

import hashlib
import random
from pathlib import Path

import clients
import libtorrent
import pytest
from functions import Functions
from store import LARGE, OPEN

from scripts.stack import metainfo
from scripts.stack.test_s3 import Server


def torrent(length: int, functions: Functions, s3: Server, folder: Path) -> tuple[bytes, str]:
    """The function's answer for an object of this length, and its info hash.

    Its hashes only look like some: they come from a sidecar, which is kept there as the function would.
    """
    key, piece_length = str(length), LARGE[length]
    pieces = random.Random(length).randbytes(20 * -(-length // piece_length))
    info = {b"length": length, b"name": key.encode(), b"piece length": piece_length, b"pieces": pieces}
    info_hash = hashlib.sha1(libtorrent.bencode(info)).hexdigest()
    client = s3.client()
    metadata = {
        "torrent-format": "1",
        "torrent-source-key-sha1": hashlib.sha1(f"{OPEN}/{key}".encode()).hexdigest(),
        "torrent-source-etag": client.head_object(Bucket=OPEN, Key=key)["ETag"],
        "torrent-source-length": key,
        "torrent-info-hash": info_hash,
    }
    client.put_object(Bucket=OPEN, Key=f"{key}.torrent", Body=libtorrent.bencode({b"info": info}), Metadata=metadata)
    function = functions.start(s3.credentials, MAX_OBJECT_SIZE=str(max(LARGE)))
    answer = clients.curl(clients.torrent_url(function.endpoint, OPEN, key), folder)
    assert (answer.status, answer.headers["x-torrent-origin"]) == (200, "sidecar"), answer.body[:500]
    return answer.body, info_hash


@pytest.mark.parametrize("length", sorted(LARGE)[:-1])
def test_libtorrent_loads_the_torrent(length: int, s3_functions: Functions, s3: Server, folder: Path) -> None:
    body, info_hash = torrent(length, s3_functions, s3, folder)
    contents = metainfo.read(body)
    assert (contents.length, contents.piece_length) == (length, LARGE[length])
    assert (contents.piece_count, contents.info_hash) == (-(-length // LARGE[length]), info_hash)


def test_aria2_loads_that_of_s3s_largest_object_and_libtorrent_does_not(
    s3_functions: Functions, s3: Server, folder: Path
) -> None:
    body, info_hash = torrent(max(LARGE), s3_functions, s3, folder)
    file = folder / "largest.torrent"
    file.write_bytes(body)
    shown = clients.aria2_show(file)
    assert f"Info Hash: {info_hash}" in shown
    assert "The Number of Pieces: 200000" in shown
    # README says so: should it load one day, let README follow.
    with pytest.raises(RuntimeError, match="invalid length"):
        metainfo.read(body)
