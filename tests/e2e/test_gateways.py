"""The same function behind every kind of gateway that Lambda has."""

from pathlib import Path

import clients
import pytest
from functions import Functions
from store import OPEN, VERSIONED, Store, random_bytes

from scripts.stack import metainfo
from scripts.stack.gateways import GATEWAYS, Gateway

BODY = random_bytes(300_000, seed=6)
ALL = pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=GATEWAYS)


@ALL
@pytest.mark.parametrize("name", ["plain.bin", "a+b c%2Fd.bin", "Ünïcode 日本語.bin", "what?#.bin"])
def test_each_brings_the_key_and_the_bytes(
    functions: Functions, endpoint: str, store: Store, gateway: Gateway, name: str
) -> None:
    key = store.put(name, BODY)
    behind = functions.start(gateway=gateway).endpoint
    assert clients.boto_torrent(behind, OPEN, key) == clients.boto_torrent(endpoint, OPEN, key)


@ALL
def test_each_brings_query_and_headers(functions: Functions, store: Store, folder: Path, gateway: Gateway) -> None:
    behind = functions.start(gateway=gateway).endpoint
    key = store.key("file")
    old, _ = (store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"] for body in (BODY, b"new"))
    url = clients.torrent_url(behind, VERSIONED, key, f"torrent&versionId={old}")
    answer = clients.curl(url, folder)
    assert metainfo.read(answer.body).length == len(BODY)
    etag = answer.headers["etag"]
    assert clients.curl(url, folder, "--header", f"If-None-Match: {etag}").status == 304
    assert clients.curl(url, folder, "--request", "DELETE").status == 405


@ALL
def test_each_brings_errors(functions: Functions, folder: Path, gateway: Gateway) -> None:
    behind = functions.start(gateway=gateway).endpoint
    answer = clients.curl(clients.torrent_url(behind, OPEN, "missing é"), folder)
    assert answer.status == 404
    assert f"<Resource>/{OPEN}/missing é</Resource>".encode() in answer.body
