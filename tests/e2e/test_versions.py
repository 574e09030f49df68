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


def test_each_version_downloads_as_itself(endpoint: str, versions: tuple[str, str, str], folder: Path) -> None:
    key, old, new = versions
    for version, body in ((old, OLD), (new, NEW)):
        answer = ask(endpoint, key, folder, version)
        seeds = metainfo.read(answer.body).web_seeds
        assert seeds and all(seed.endswith(f"/{key}?versionId={version}") for seed in seeds)
        target = folder / version
        target.mkdir()
        for client, downloaded in by_all(answer.body, target).items():
            assert downloaded.read_bytes() == body, client


def test_without_versionid_it_is_the_latest(endpoint: str, versions: tuple[str, str, str], folder: Path) -> None:
    key, _, _ = versions
    contents = metainfo.read(ask(endpoint, key, folder).body)
    assert contents.length == len(NEW)
    assert not any("?" in seed for seed in contents.web_seeds)


def test_each_version_has_a_sidecar_of_its_own(
    endpoint: str, store: Store, versions: tuple[str, str, str], folder: Path
) -> None:
    key, old, new = versions
    for version, sidecar in ((old, f"{key}.{old}.torrent"), (new, f"{key}.{new}.torrent"), (None, f"{key}.torrent")):
        first, second = (ask(endpoint, key, folder, version) for _ in range(2))
        assert [first.headers["x-torrent-origin"], second.headers["x-torrent-origin"]] == ["object", "sidecar"]
        kept = store.get(sidecar, bucket=VERSIONED)
        assert kept["bytes"] == first.body
        assert kept["Metadata"]["torrent-source-version"] == (version or new)


def test_a_sidecar_key_that_two_objects_share_serves_only_one(
    endpoint: str, store: Store, versions: tuple[str, str, str], folder: Path
) -> None:
    key, old, _ = versions
    twin = f"{key}.{old}"
    store.put_at(twin, NEW, bucket=VERSIONED)
    of_version = ask(endpoint, key, folder, old)
    of_twin = [ask(endpoint, twin, folder) for _ in range(2)]
    assert [answer.headers["x-torrent-origin"] for answer in of_twin] == ["object", "object"]
    assert metainfo.read(of_twin[0].body).length == len(NEW)
    assert ask(endpoint, key, folder, old).body == of_version.body


def test_a_deleted_object_keeps_its_versions(
    endpoint: str, store: Store, versions: tuple[str, str, str], folder: Path
) -> None:
    key, old, _ = versions
    store.client.delete_object(Bucket=VERSIONED, Key=key)
    assert metainfo.read(ask(endpoint, key, folder, old).body).length == len(OLD)
