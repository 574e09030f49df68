"""The sidecar on a real S3. tests/it has all rules; here are those that the server has a part in."""

import hashlib
from pathlib import Path

import clients
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


def test_a_changed_object_gets_a_new_torrent_and_the_users_own_stays(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    for body in (BODY, OTHER_BODY):
        store.put("file", body)
        origin, answer = ask(endpoint, key, folder)
        assert (origin, metainfo.read(answer.body).length) == ("object", len(body))
        assert ask(endpoint, key, folder)[0] == "sidecar"
    own = store.put("file.torrent", BODY, Metadata={"mine": "yes"})
    before = store.get(own)
    assert [ask(endpoint, key, folder)[0] for _ in range(2)] == ["object", "object"]
    after = store.get(own)
    assert [after[field] for field in ("bytes", "ETag", "LastModified")] == [
        BODY,
        before["ETag"],
        before["LastModified"],
    ]


def test_a_role_that_may_not_write_serves_uncached(functions: Functions, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    for variables in ({}, {"SIDECAR_BUCKET": "no-such-bucket"}):
        endpoint = functions.start(READER, **variables).endpoint
        assert [ask(endpoint, key, folder)[0] for _ in range(2)] == ["object", "object"]
    assert store.listed() == [key]
