"""Unmodified S3 clients get the torrent, and HTTP clients get the headers."""

from pathlib import Path

import clients
import pytest
from functions import Functions
from store import OPEN, Store, random_bytes

from scripts.stack import metainfo

BODY = random_bytes(600_000)


@pytest.fixture
def key(store: Store) -> str:
    return store.put("file.bin", BODY)


def test_boto3_the_cli_the_rust_sdk_and_curl_get_the_same_bytes(
    endpoint: str, key: str, folder: Path, rust_client: Path
) -> None:
    # The SDKs pass these on as headers.
    options = {"RequestPayer": "requester", "ExpectedBucketOwner": "123456789012"}
    by_boto = clients.boto_torrent(endpoint, OPEN, key, **options)
    by_cli, by_rust = folder / "by-cli.torrent", folder / "by-rust.torrent"
    ran = clients.cli(endpoint, OPEN, key, by_cli)
    assert ran.returncode == 0, ran.stderr
    clients.rust(rust_client, endpoint, OPEN, key, by_rust)
    by_curl = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
    assert by_boto == by_cli.read_bytes() == by_rust.read_bytes() == by_curl.body
    contents = metainfo.read(by_boto)
    assert (contents.name, contents.length) == ("file.bin", len(BODY))
    assert (contents.piece_length, contents.piece_count) == (262_144, 3)


def test_the_headers_are_those_of_the_contract(endpoint: str, key: str, folder: Path) -> None:
    url = clients.torrent_url(endpoint, OPEN, key)
    answer = clients.curl(url, folder)
    assert answer.status == 200
    expected = {
        "content-type": "application/x-bittorrent",
        "content-disposition": 'attachment; filename="file.bin.torrent"',
        "cache-control": "no-cache",
        "x-torrent-info-hash": metainfo.read(answer.body).info_hash,
        "x-torrent-origin": "object",
        "access-control-allow-origin": "*",
    }
    assert expected.items() <= answer.headers.items()
    assert answer.headers["x-amz-request-id"]
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert all(name in exposed for name in ("etag", "x-torrent-info-hash", "x-torrent-origin"))

    get, head = clients.curl(url, folder), clients.curl(url, folder, "--head")
    # The stand-in for API Gateway counts HEAD's own body: none.
    varying = {"date", "x-amz-request-id", "content-length"}
    assert (head.status, head.body) == (200, b"") or head.body.startswith(b"HTTP/")
    assert {name: value for name, value in head.headers.items() if name not in varying} == {
        name: value for name, value in get.headers.items() if name not in varying
    }


def test_a_client_that_has_the_torrent_gets_304(endpoint: str, key: str, folder: Path) -> None:
    url = clients.torrent_url(endpoint, OPEN, key)
    etag = clients.curl(url, folder).headers["etag"]
    for condition, status in ((etag, 304), (f'"other", W/{etag}', 304), ("*", 304), ('"other"', 200)):
        answer = clients.curl(url, folder, "--header", f"If-None-Match: {condition}")
        assert (answer.status, answer.headers["etag"]) == (status, etag), condition
        assert bool(answer.body) == (status == 200)


@pytest.mark.parametrize("path", ["/", "/open-data/any?torrent", "/not-served/x"])
def test_a_preflight_is_answered_on_any_path(endpoint: str, folder: Path, path: str) -> None:
    asks = ["Origin: https://example.com", "Access-Control-Request-Method: GET"]
    options = [option for header in asks for option in ("--header", header)]
    answer = clients.curl(endpoint + path, folder, "--request", "OPTIONS", *options)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "*, authorization"


def test_trackers_are_announced_in_tiers(functions: Functions, key: str) -> None:
    one, two = "https://tracker.example/announce", "udp://tracker.example:6969"
    torrent = clients.boto_torrent(functions.start(TRACKERS=f"{one},{two}").endpoint, OPEN, key)
    assert metainfo.read(torrent).trackers == (one, two)
    assert f"8:announce{len(one)}:{one}13:announce-listll{len(one)}:{one}el{len(two)}:{two}ee".encode() in torrent
