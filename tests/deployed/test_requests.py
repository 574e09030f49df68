"""What the API answers."""

from pathlib import Path

import clients
from conftest import OPEN
from deployment import Stack

from scripts.stack import metainfo

BODY = b"x" * 100_000


def test_boto3_and_curl_get_the_torrent(stack: Stack, folder: Path) -> None:
    stack.emulator.client("s3").put_object(Bucket=OPEN, Key="a b/ü+c.txt", Body=BODY)
    torrent = clients.boto_torrent(stack.endpoint, OPEN, "a b/ü+c.txt")
    contents = metainfo.read(torrent)
    assert (contents.name, contents.length) == ("ü+c.txt", len(BODY))
    assert contents.trackers[0] == stack.outputs["TrackerUrl"]
    answer = clients.curl(clients.torrent_url(stack.endpoint, OPEN, "a b/ü+c.txt"), folder)
    assert (answer.headers["x-torrent-origin"], answer.body) == ("sidecar", torrent)
