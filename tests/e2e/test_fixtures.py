"""The info hash is that of mktorrent, Transmission and libtorrent (tests/fixtures)."""

import json
from pathlib import Path

import clients
import folders
import pytest
import tree
from content import content
from functions import Functions
from store import LISTED, OPEN, Store

from scripts.stack import metainfo

FOLDER = Path(tree.__file__).parent
FIXTURES = json.loads((FOLDER / "fixtures.json").read_text(encoding="utf-8"))
TREE = json.loads((FOLDER / "tree.json").read_text(encoding="utf-8"))
# One source, several tools: their info dictionaries agree, which making the fixtures has shown.
SOURCES = {
    f"{fixture['length']}-of-{fixture['piece_length']}": fixture
    for fixture in FIXTURES
    if fixture["tool"] == "libtorrent"
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_info_hash_is_that_of_other_tools(functions: Functions, store: Store, source: dict) -> None:
    endpoint = functions.start(PIECE_LENGTH=str(source["piece_length"])).endpoint
    key = store.put(source["name"], content(source["length"]))
    contents = metainfo.read(clients.boto_torrent(endpoint, OPEN, key))
    made_by_others = {
        fixture["info_hash_of_the_four_keys"]
        for fixture in FIXTURES
        if all(fixture[field] == source[field] for field in ("name", "length", "piece_length"))
    }
    assert {contents.info_hash} == made_by_others


@pytest.mark.parametrize("torrent", TREE["torrents"], ids=lambda torrent: torrent["file"])
def test_the_info_hash_of_a_prefix_is_that_of_other_tools(
    functions: Functions, store: Store, folder: Path, torrent: dict
) -> None:
    endpoint = functions.start(PIECE_LENGTH=str(torrent["piece_length"])).endpoint
    prefix = store.key(f"{tree.NAME}/")
    folders.upload(store.client, tree.write(folder), LISTED, prefix)
    assert metainfo.read(clients.boto_torrent(endpoint, LISTED, prefix)).info_hash == torrent["info_hash"]
