"""`versionId`: the torrent of one version, whose web seeds bring that version."""

from pathlib import Path

import clients
import pytest
from clients import Answer
from downloads import by_all
from store import VERSIONED, Store, random_bytes

from scripts.stack import metainfo

OLD, NEW = random_bytes(300_000, seed=4), random_bytes(400_000, seed=5)


@pytest.fixture
def versions(store: Store) -> tuple[str, str, str]:
    """The key, and the ids of its old and its new version."""
    key = store.key("file.bin")
    ids = [store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"] for body in (OLD, NEW)]
    return key, ids[0], ids[1]


def ask(endpoint: str, key: str, folder: Path, version: str | None = None) -> Answer:
    query = "torrent" if version is None else f"torrent&versionId={version}"
    answer = clients.curl(clients.torrent_url(endpoint, VERSIONED, key, query), folder)
    assert answer.status == 200, answer.body
    return answer


def test_a_version_downloads_as_itself_though_the_object_is_deleted(
    endpoint: str, store: Store, versions: tuple[str, str, str], folder: Path
) -> None:
    key, old, _ = versions
    store.client.delete_object(Bucket=VERSIONED, Key=key)
    torrent = ask(endpoint, key, folder, old).body
    seeds = metainfo.read(torrent).web_seeds
    assert seeds and all(seed.endswith(f"/{key}?versionId={old}") for seed in seeds)
    for client, downloaded in by_all(torrent, folder).items():
        assert downloaded.read_bytes() == OLD, client


def test_each_version_has_a_sidecar_of_its_own(
    endpoint: str, store: Store, versions: tuple[str, str, str], folder: Path
) -> None:
    key, old, new = versions
    for version, sidecar in ((old, f"{key}.{old}.torrent"), (new, f"{key}.{new}.torrent"), (None, f"{key}.torrent")):
        first, second = (ask(endpoint, key, folder, version) for _ in range(2))
        assert [first.headers["x-torrent-origin"], second.headers["x-torrent-origin"]] == ["object", "sidecar"]
        assert metainfo.read(first.body).length == len(OLD if version == old else NEW)
        kept = store.get(sidecar, bucket=VERSIONED)
        assert kept["bytes"] == first.body
        assert kept["Metadata"]["torrent-source-version"] == (version or new)
    # The key of a version's sidecar may be another object's, too.
    store.put_at(f"{key}.{old}", NEW, bucket=VERSIONED)
    assert metainfo.read(ask(endpoint, f"{key}.{old}", folder).body).length == len(NEW)
    assert metainfo.read(ask(endpoint, key, folder, old).body).length == len(OLD)
