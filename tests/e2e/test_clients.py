"""Unmodified S3 clients get the torrent."""

from pathlib import Path

import clients
from store import OPEN, Store, random_bytes

from scripts.stack import metainfo


def test_boto3_the_cli_the_rust_sdk_and_curl_get_the_same_bytes(
    endpoint: str, store: Store, folder: Path, rust_client: Path
) -> None:
    key = store.put("file.bin", random_bytes(600_000))
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
    assert (contents.name, contents.length) == ("file.bin", 600_000)
    assert (contents.piece_length, contents.piece_count) == (262_144, 3)
