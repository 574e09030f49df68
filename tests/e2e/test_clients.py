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


def test_boto3_the_cli_and_curl_get_the_same_bytes(endpoint: str, key: str, folder: Path) -> None:
    by_boto = clients.boto_torrent(endpoint, OPEN, key)
    output = folder / "by-cli.torrent"
    ran = clients.cli(endpoint, OPEN, key, output)
    by_curl = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
    assert ran.returncode == 0, ran.stderr
    assert by_boto == output.read_bytes() == by_curl.body
    contents = metainfo.read(by_boto)
    assert (contents.name, contents.length) == ("file.bin", len(BODY))
    assert (contents.piece_length, contents.piece_count) == (262_144, 3)


def test_the_headers_are_those_of_the_contract(endpoint: str, key: str, folder: Path) -> None:
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
    contents = metainfo.read(answer.body)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-bittorrent"
    assert answer.headers["content-disposition"] == 'attachment; filename="file.bin.torrent"'
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-torrent-info-hash"] == contents.info_hash
    assert answer.headers["x-torrent-origin"] == "object"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["x-amz-request-id"]
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert all(name in exposed for name in ("etag", "x-torrent-info-hash", "x-torrent-origin"))


def test_the_rust_sdk_gets_the_same_bytes(endpoint: str, key: str, folder: Path, rust_client: Path) -> None:
    output = folder / "by-rust.torrent"
    clients.rust(rust_client, endpoint, OPEN, key, output)
    assert output.read_bytes() == clients.boto_torrent(endpoint, OPEN, key)


@pytest.mark.parametrize("query", ["torrent", "torrent=", "torrent=anything"])
def test_torrent_may_have_any_value(endpoint: str, key: str, folder: Path, query: str) -> None:
    assert clients.curl(clients.torrent_url(endpoint, OPEN, key, query), folder).status == 200


def test_a_name_in_other_letters_is_sent_encoded(endpoint: str, store: Store, folder: Path) -> None:
    key = store.put("Ünïcode.bin", b"x")
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
    assert "filename*=UTF-8''%C3%9Cn%C3%AFcode.bin.torrent" in answer.headers["content-disposition"]


def test_head_has_the_headers_of_get_and_no_body(endpoint: str, key: str, folder: Path) -> None:
    url = clients.torrent_url(endpoint, OPEN, key)
    clients.curl(url, folder)  # from now on both come from the sidecar
    get, head = clients.curl(url, folder), clients.curl(url, folder, "--head")
    # The stand-in for API Gateway counts HEAD's own body: none.
    varying = {"date", "x-amz-request-id", "content-length"}
    assert (head.status, head.body) == (200, b"") or head.body.startswith(b"HTTP/")
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in get.headers.items() if k not in varying
    }


def test_a_client_that_has_the_torrent_gets_304(endpoint: str, key: str, folder: Path) -> None:
    url = clients.torrent_url(endpoint, OPEN, key)
    etag = clients.curl(url, folder).headers["etag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = clients.curl(url, folder, "--header", f"If-None-Match: {condition}")
        assert (answer.status, answer.body) == (304, b""), condition
        assert (answer.headers["etag"], answer.headers["cache-control"]) == (etag, "no-cache")
    assert clients.curl(url, folder, "--header", 'If-None-Match: "other"').status == 200


@pytest.mark.parametrize("path", ["/", "/open-data", "/open-data/any?torrent", "/not-served/x"])
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
    endpoint = functions.start(TRACKERS=f"{one},{two}").endpoint
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    assert metainfo.read(torrent).trackers == (one, two)
    assert f"8:announce{len(one)}:{one}13:announce-listll{len(one)}:{one}el{len(two)}:{two}ee".encode() in torrent


def test_headers_of_the_sdks_are_passed_on(endpoint: str, key: str) -> None:
    options = {"RequestPayer": "requester", "ExpectedBucketOwner": "123456789012"}
    assert clients.boto_torrent(endpoint, OPEN, key, **options)
