"""The sidecar: what saves the second reading, never at the cost of an object of the user's."""

import hashlib
from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from clients import Answer
from downloads import libtorrent
from functions import Functions
from store import OPEN, READER, Store, random_bytes

from scripts.stack import metainfo

BODY, OTHER_BODY = random_bytes(700_000, seed=1), random_bytes(300_000, seed=2)


def ask(endpoint: str, key: str, folder: Path) -> tuple[str, Answer]:
    """The origin, and the whole answer."""
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
    assert answer.status == 200, answer.body
    return answer.headers["x-torrent-origin"], answer


def test_the_second_torrent_comes_from_the_sidecar_which_is_a_download_of_its_own(
    endpoint: str, store: Store, folder: Path
) -> None:
    key = store.put("file.bin", BODY)
    (first_origin, first), (second_origin, second) = (ask(endpoint, key, folder) for _ in range(2))
    assert (first_origin, second_origin) == ("object", "sidecar")
    assert (first.body, first.headers["etag"]) == (second.body, second.headers["etag"])
    sidecar = store.get(f"{key}.torrent")
    assert sidecar["bytes"] == first.body
    assert sidecar["ContentType"] == "application/x-bittorrent"
    assert sidecar["ContentDisposition"] == 'attachment; filename="file.bin.torrent"'
    assert sidecar["Metadata"] == {
        "torrent-format": "1",
        "torrent-source-key-sha1": hashlib.sha1(f"{OPEN}/{key}".encode()).hexdigest(),
        "torrent-source-etag": store.get(key)["ETag"],
        "torrent-source-length": str(len(BODY)),
        "torrent-info-hash": metainfo.read(first.body).info_hash,
    }
    # Without the function: S3 alone serves it.
    kept = clients.curl(f"{store.server.endpoint}/{OPEN}/{key}.torrent", folder).body
    assert libtorrent(kept, folder).read_bytes() == BODY


def test_a_changed_object_gets_a_new_torrent_and_a_deleted_one_none(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    _, before = ask(endpoint, key, folder)
    store.put("file", BODY)
    assert ask(endpoint, key, folder)[0] == "sidecar", "the same bytes are not read again"
    store.put("file", OTHER_BODY)
    origin, after = ask(endpoint, key, folder)
    assert (origin, metainfo.read(after.body).length) == ("object", len(OTHER_BODY))
    assert after.headers["x-torrent-info-hash"] != before.headers["x-torrent-info-hash"]
    assert ask(endpoint, key, folder)[0] == "sidecar"
    store.client.delete_object(Bucket=OPEN, Key=key)
    with pytest.raises(ClientError, match="NoSuchKey"):
        clients.boto_torrent(endpoint, OPEN, key)


def test_new_trackers_do_not_read_the_object_again_and_another_piece_length_does(
    endpoint: str, functions: Functions, store: Store, folder: Path
) -> None:
    key = store.put("file", BODY)
    _, plain = ask(endpoint, key, folder)
    tracker = "https://tracker.example/announce"
    origin, tracked = ask(functions.start(TRACKERS=tracker).endpoint, key, folder)
    assert (origin, metainfo.read(tracked.body).trackers) == ("sidecar", (tracker,))
    assert tracked.headers["x-torrent-info-hash"] == plain.headers["x-torrent-info-hash"]
    assert store.get(f"{key}.torrent")["bytes"] == tracked.body
    small = functions.start(PIECE_LENGTH="16384").endpoint
    origin, answer = ask(small, key, folder)
    assert (origin, metainfo.read(answer.body).piece_length) == ("object", 16_384)
    assert ask(small, key, folder)[0] == "sidecar"


def test_an_object_of_the_users_at_the_sidecars_key_stays(endpoint: str, store: Store, folder: Path) -> None:
    of_another = store.put("another", BODY)
    ask(endpoint, of_another, folder)
    sidecar = store.get(f"{of_another}.torrent")
    # A copy of a sidecar carries our mark, but names another key.
    for name, body, metadata in (
        ("own", OTHER_BODY, {"mine": "yes"}),
        ("copied", sidecar["bytes"], sidecar["Metadata"]),
    ):
        key = store.put(name, BODY)
        own = store.put(f"{name}.torrent", body, Metadata=metadata)
        before = store.get(own)
        assert [ask(endpoint, key, folder)[0] for _ in range(2)] == ["object", "object"], name
        after = store.get(own)
        for field in ("bytes", "ETag", "LastModified", "Metadata"):
            assert after[field] == before[field], name


def test_a_damaged_sidecar_is_not_believed(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    _, right = ask(endpoint, key, folder)
    sidecar = store.get(f"{key}.torrent")
    good = sidecar["bytes"]
    at = good.index(b"6:pieces") + 20
    flipped = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    for damaged in (b"", b"no torrent", good[:-10], flipped):
        store.put("file.torrent", damaged, Metadata=sidecar["Metadata"])
        origin, answer = ask(endpoint, key, folder)
        assert (origin, answer.body) == ("object", right.body)
        assert store.get(f"{key}.torrent")["bytes"] == right.body


def test_bucket_prefix_and_suffix_say_where_it_lies(
    functions: Functions, store: Store, folder: Path, torrents_bucket: str
) -> None:
    variables = {"SIDECAR_BUCKET": torrents_bucket, "SIDECAR_PREFIX": "kept/", "SIDECAR_SUFFIX": ".t"}
    endpoint = functions.start(**variables).endpoint
    key = store.put("file", BODY)
    _, answer = ask(endpoint, key, folder)
    assert store.get(f"kept/{OPEN}/{key}.t", bucket=torrents_bucket)["bytes"] == answer.body
    assert store.listed() == [key]
    assert ask(endpoint, key, folder)[0] == "sidecar"


def test_a_role_that_may_not_write_serves_uncached(functions: Functions, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    for variables in ({}, {"SIDECAR_BUCKET": "no-such-bucket"}):
        endpoint = functions.start(READER, **variables).endpoint
        assert [ask(endpoint, key, folder)[0] for _ in range(2)] == ["object", "object"]
    assert store.listed() == [key]
