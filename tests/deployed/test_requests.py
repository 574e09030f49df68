"""What the API answers, by boto3, curl and a raw socket."""

import hashlib
import socket
from pathlib import Path
from urllib.parse import quote

import clients
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from deployment import Stack
from served import EVERYTHING, MIB, OPEN, PRIVATE, ask, upload_in_parts
from test_keys import ALIASES, KEYS, REFUSED, encoded

from scripts.stack import metainfo

ODD = {**KEYS, **{name: key for name, (key, _) in ALIASES.items()}, **REFUSED}
BODY = b"content " * 40_000


def seeds(key: str) -> tuple[str, str]:
    """The web seeds of an object: S3's own addresses."""
    path = f"{OPEN}/{encoded(key)}"
    virtual = f"https://{OPEN}.s3.us-east-1.amazonaws.com/{encoded(key)}"
    return virtual, f"https://s3.dualstack.us-east-1.amazonaws.com/{path}"


@pytest.mark.parametrize("key", ODD.values(), ids=ODD)
def test_every_key_arrives_byte_for_byte(stack: Stack, s3: BaseClient, folder: Path, key: str) -> None:
    body = key.encode() * 3
    s3.put_object(Bucket=OPEN, Key=key, Body=body)
    torrent = clients.boto_torrent(stack.endpoint, OPEN, key)
    assert ask(stack, folder, key).body == torrent
    contents = metainfo.read(torrent)
    assert (contents.length, contents.web_seeds) == (len(body), seeds(key))
    assert hashlib.sha1(body).digest() in torrent
    assert contents.trackers[0] == stack.outputs["TrackerUrl"]


def test_a_client_that_sends_no_more_than_it_must_gets_bytes(stack: Stack, s3: BaseClient) -> None:
    s3.put_object(Bucket=OPEN, Key="bare", Body=BODY)
    host, _, stage = stack.outputs["Endpoint"].removeprefix("https://").partition("/")
    address, _, port = stack.emulator.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((address, int(port))) as connection:
        lines = f"GET /{stage}/{OPEN}/bare?torrent HTTP/1.1", f"Host: {host}", "Connection: close", "", ""
        connection.sendall("\r\n".join(lines).encode())
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert metainfo.read(body).length == len(BODY)


def test_the_second_answer_is_kept_and_conditions_hold(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="kept", Body=BODY)
    first, second = ask(stack, folder, "kept"), ask(stack, folder, "kept")
    assert [first.headers["x-torrent-origin"], second.headers["x-torrent-origin"]] == ["object", "sidecar"]
    assert first.body == second.body == s3.get_object(Bucket=OPEN, Key="kept.torrent")["Body"].read()
    etag = first.headers["etag"]
    url = clients.torrent_url(stack.endpoint, OPEN, "kept")
    assert clients.curl(url, folder, "--header", f"If-None-Match: {etag}").status == 304
    head = clients.curl(url, folder, "--head")
    assert (head.status, head.headers["etag"]) == (200, etag)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{OPEN}/missing?torrent", 404, "NoSuchKey"),
        ("GET", f"{PRIVATE}/missing?torrent", 403, "AccessDenied"),
        ("GET", "another-bucket/key?torrent", 403, "AccessDenied"),
        ("PUT", f"{OPEN}/key?torrent", 405, "MethodNotAllowed"),
        ("GET", f"{OPEN}/key?acl", 501, "NotImplemented"),
        ("GET", "", 501, "NotImplemented"),
    ],
)
def test_errors_are_s3s_and_pages_may_read_them(
    stack: Stack, folder: Path, method: str, path: str, status: int, code: str
) -> None:
    answer = clients.curl(f"{stack.endpoint}/{path}", folder, "--request", method)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    assert f"<Code>{code}</Code>".encode() in answer.body


def test_boto3_raises_them(stack: Stack) -> None:
    with pytest.raises(ClientError) as caught:
        clients.boto_torrent(stack.endpoint, OPEN, "missing")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"


def test_preflights_are_answered(stack: Stack, folder: Path) -> None:
    headers = ["--header", "Origin: https://example.com", "--header", "Access-Control-Request-Method: GET"]
    answer = clients.curl(f"{stack.endpoint}/{OPEN}/key?torrent", folder, "--request", "OPTIONS", *headers)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")


def test_throttled_requests_are_told_to_come_again(stack: Stack, folder: Path) -> None:
    api, _, _ = stack.outputs["Endpoint"].removeprefix("https://").partition(".")
    gateway = stack.emulator.client("apigateway")

    def limit(**values: str) -> None:
        patches = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value} for name, value in values.items()
        ]
        gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patches)

    limit(rateLimit="0", burstLimit="0")
    answer = clients.curl(clients.torrent_url(stack.endpoint, OPEN, "any"), folder)
    limit(rateLimit=EVERYTHING["ThrottleRate"], burstLimit="100")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (503, "*")
    assert (answer.headers["retry-after"], answer.headers["x-amz-retry-after"]) == ("5", "5000")


def test_a_presigned_url_opens_a_private_object(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=PRIVATE, Key="a + b", Body=BODY)
    assert ask(stack, folder, "a + b", PRIVATE).status == 403
    url = s3.generate_presigned_url("get_object", Params={"Bucket": PRIVATE, "Key": "a + b"})
    answer = ask(stack, folder, "a + b", PRIVATE, f"torrent&presigned={quote(url, safe='')}")
    assert (answer.status, metainfo.read(answer.body).length) == (200, len(BODY))


def test_a_prefix_gets_one_torrent_of_all_below_it(stack: Stack, s3: BaseClient, folder: Path) -> None:
    for name in ("a", "b/c é", "b/d"):
        s3.put_object(Bucket=OPEN, Key=f"collection/{name}", Body=BODY)
    contents = metainfo.read(ask(stack, folder, "collection/").body)
    assert (contents.files, contents.length) == (("a", "b/c é", "b/d"), 3 * len(BODY))


def test_parts_with_checksums_need_no_reading(stack: Stack, s3: BaseClient, folder: Path) -> None:
    upload_in_parts(s3, OPEN, "in parts")
    answer = ask(stack, folder, "in parts")
    assert answer.headers["x-torrent-origin"] == "part-checksums"
    assert metainfo.read(answer.body).piece_length == 8 * MIB
