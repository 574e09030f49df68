"""`versionId`: the torrent of one version, whose web seeds bring that version."""

from pathlib import Path

import clients
from downloads import by_all
from store import VERSIONED, Store, random_bytes

from scripts.stack import metainfo

OLD, NEW = random_bytes(300_000, seed=4), random_bytes(400_000, seed=5)


def test_a_version_downloads_as_itself_though_the_object_is_deleted(endpoint: str, store: Store, folder: Path) -> None:
    key = store.key("file.bin")
    old, new = (store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"] for body in (OLD, NEW))
    store.client.delete_object(Bucket=VERSIONED, Key=key)
    torrents = {}
    for version, body in ((old, OLD), (new, NEW)):
        url = clients.torrent_url(endpoint, VERSIONED, key, f"torrent&versionId={version}")
        for origin in ("object", "sidecar"):
            answer = clients.curl(url, folder)
            assert (answer.status, answer.headers["x-torrent-origin"]) == (200, origin)
        contents = metainfo.read(answer.body)
        assert contents.length == len(body)
        assert contents.web_seeds == store.web_seeds(f"{VERSIONED}/{key}?versionId={version}")
        torrents[version] = answer.body
        assert store.get(f"{key}.{version}.torrent", VERSIONED)["bytes"] == answer.body
    for client, downloaded in by_all(torrents[old], folder).items():
        assert downloaded.read_bytes() == OLD, client
