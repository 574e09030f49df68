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


def test_the_second_torrent_comes_from_the_sidecar(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    first_origin, first = ask(endpoint, key, folder)
    second_origin, second = ask(endpoint, key, folder)
    assert (first_origin, second_origin) == ("object", "sidecar")
    assert first.body == second.body
    assert first.headers["etag"] == second.headers["etag"]


def test_the_sidecar_says_what_it_is_of(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file.bin", BODY)
    _, answer = ask(endpoint, key, folder)
    sidecar = store.get(f"{key}.torrent")
    assert sidecar["bytes"] == answer.body
    assert sidecar["ContentType"] == "application/x-bittorrent"
    assert sidecar["ContentDisposition"] == 'attachment; filename="file.bin.torrent"'
    assert sidecar["Metadata"] == {
        "torrent-format": "1",
        "torrent-source-key-sha1": hashlib.sha1(f"{OPEN}/{key}".encode()).hexdigest(),
        "torrent-source-etag": store.get(key)["ETag"],
        "torrent-source-length": str(len(BODY)),
        "torrent-info-hash": metainfo.read(answer.body).info_hash,
    }


def test_the_sidecar_is_a_download_of_its_own(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    ask(endpoint, key, folder)
    # Without the function: S3 alone serves it.
    kept = clients.curl(f"{store.server.endpoint}/{OPEN}/{key}.torrent", folder).body
    assert libtorrent(kept, folder).read_bytes() == BODY


def test_a_changed_object_gets_a_new_torrent(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    _, before = ask(endpoint, key, folder)
    store.put("file", OTHER_BODY)
    origin, after = ask(endpoint, key, folder)
    assert origin == "object"
    assert metainfo.read(after.body).length == len(OTHER_BODY)
    assert after.headers["x-torrent-info-hash"] != before.headers["x-torrent-info-hash"]
    assert ask(endpoint, key, folder)[0] == "sidecar"
    assert store.get(f"{key}.torrent")["bytes"] == after.body


def test_the_same_bytes_put_again_are_not_read_again(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    _, before = ask(endpoint, key, folder)
    store.put("file", BODY)
    origin, after = ask(endpoint, key, folder)
    assert origin == "sidecar"
    assert after.headers["x-torrent-info-hash"] == before.headers["x-torrent-info-hash"]


def test_new_trackers_do_not_read_the_object_again(
    endpoint: str, functions: Functions, store: Store, folder: Path
) -> None:
    key = store.put("file", BODY)
    _, plain = ask(endpoint, key, folder)
    tracker = "https://tracker.example/announce"
    origin, tracked = ask(functions.start(TRACKERS=tracker).endpoint, key, folder)
    assert origin == "sidecar"
    assert metainfo.read(tracked.body).trackers == (tracker,)
    assert tracked.headers["x-torrent-info-hash"] == plain.headers["x-torrent-info-hash"]
    assert store.get(f"{key}.torrent")["bytes"] == tracked.body


def test_another_piece_length_reads_the_object_again(
    endpoint: str, functions: Functions, store: Store, folder: Path
) -> None:
    key = store.put("file", BODY)
    ask(endpoint, key, folder)
    small = functions.start(PIECE_LENGTH="16384").endpoint
    origin, answer = ask(small, key, folder)
    assert (origin, metainfo.read(answer.body).piece_length) == ("object", 16_384)
    assert ask(small, key, folder)[0] == "sidecar"


@pytest.mark.parametrize("length", [len(BODY), 5])
def test_an_object_of_the_users_at_the_sidecars_key_stays(
    endpoint: str, store: Store, folder: Path, length: int
) -> None:
    key = store.put("file", BODY)
    own = store.put("file.torrent", OTHER_BODY[:length], Metadata={"mine": "yes"})
    before = store.get(own)
    origins = [ask(endpoint, key, folder)[0] for _ in range(2)]
    after = store.get(own)
    assert origins == ["object", "object"]
    for field in ("bytes", "ETag", "LastModified", "Metadata"):
        assert after[field] == before[field]


def test_a_sidecar_of_another_object_stays(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    ask(endpoint, key, folder)
    sidecar = store.get(f"{key}.torrent")
    # Copied by its owner: it carries our mark, but names another key.
    other = store.put("copy", BODY)
    store.put("copy.torrent", sidecar["bytes"], Metadata=sidecar["Metadata"])
    before = store.get(f"{other}.torrent")
    assert [ask(endpoint, other, folder)[0] for _ in range(2)] == ["object", "object"]
    assert store.get(f"{other}.torrent")["LastModified"] == before["LastModified"]


@pytest.mark.parametrize("damage", [b"", b"no torrent", b"truncated", b"flipped"])
def test_a_damaged_sidecar_is_not_believed(endpoint: str, store: Store, folder: Path, damage: bytes) -> None:
    key = store.put("file", BODY)
    _, right = ask(endpoint, key, folder)
    sidecar = store.get(f"{key}.torrent")
    good = sidecar["bytes"]
    # The last bytes of the pieces, then `e`, the url-list …: one bit of a hash.
    at = good.index(b"6:pieces") + 20
    flipped = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    bad = {b"truncated": good[:-10], b"flipped": flipped}.get(damage, damage)
    store.put("file.torrent", bad, Metadata=sidecar["Metadata"])
    origin, answer = ask(endpoint, key, folder)
    assert (origin, answer.body) == ("object", right.body)
    assert store.get(f"{key}.torrent")["bytes"] == right.body


def test_prefix_and_suffix_say_where_it_lies(functions: Functions, store: Store, folder: Path) -> None:
    endpoint = functions.start(SIDECAR_PREFIX="kept/", SIDECAR_SUFFIX=".t").endpoint
    key = store.put("file", BODY)
    _, answer = ask(endpoint, key, folder)
    assert store.get(f"kept/{key}.t")["bytes"] == answer.body
    assert f"{key}.torrent" not in store.listed()
    assert ask(endpoint, key, folder)[0] == "sidecar"


def test_sidecars_may_lie_in_a_bucket_of_their_own(
    functions: Functions, store: Store, folder: Path, torrents_bucket: str
) -> None:
    endpoint = functions.start(SIDECAR_BUCKET=torrents_bucket).endpoint
    key = store.put("file", BODY)
    _, answer = ask(endpoint, key, folder)
    assert store.get(f"{OPEN}/{key}.torrent", bucket=torrents_bucket)["bytes"] == answer.body
    assert store.listed() == [key]
    assert ask(endpoint, key, folder)[0] == "sidecar"


def test_a_role_that_may_not_write_serves_uncached(functions: Functions, store: Store, folder: Path) -> None:
    endpoint = functions.start(READER).endpoint
    key = store.put("file", BODY)
    assert [ask(endpoint, key, folder)[0] for _ in range(2)] == ["object", "object"]
    assert store.listed() == [key]


def test_a_sidecar_bucket_that_is_not_there_does_no_harm(functions: Functions, store: Store, folder: Path) -> None:
    endpoint = functions.start(READER, SIDECAR_BUCKET="no-such-bucket").endpoint
    assert ask(endpoint, store.put("file", BODY), folder)[0] == "object"


def test_a_key_too_long_for_a_sidecar_is_served_uncached(endpoint: str, store: Store, folder: Path) -> None:
    # 1,024 bytes with the suffix still fit, one more does not.
    parts = "/".join(["y" * 250] * 3)
    for length, second in ((1016, "sidecar"), (1017, "object")):
        name = f"{parts}/" + "z" * (length - len(store.key(f"{parts}/")))
        key = store.put(name, b"bytes")
        assert len(key) == length
        assert [ask(endpoint, key, folder)[0] for _ in range(2)] == ["object", second]


def test_a_torrent_in_the_cache_still_needs_read_access(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    ask(endpoint, key, folder)
    assert ask(endpoint, key, folder)[0] == "sidecar"
    store.client.delete_object(Bucket=OPEN, Key=key)
    with pytest.raises(ClientError, match="NoSuchKey"):
        clients.boto_torrent(endpoint, OPEN, key)
