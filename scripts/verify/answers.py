"""The torrent as it arrives: its bytes and headers, by every way of asking."""

from collections.abc import Mapping
from functools import partial

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.verify import judge, wire
from scripts.verify.objects import random_bytes
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import PATH_STYLE, Stack
from scripts.verify.wire import Answer

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
# Pieces larger than this are not uploaded only to see where they end.
MOST = 16 * 1024 * 1024


def _http1(stack: Stack, headers: Mapping[str, str]) -> None:
    judge.torrent(stack.get(stack.plain, headers), stack.plain)


def _http2(stack: Stack, accept: str) -> None:
    url = stack.settings.endpoint + stack.path(stack.plain.key)
    answer = wire.ask_http2(url, {"Accept": accept, **stack.signature("GET", url)})
    judge.torrent(answer, stack.plain)


def _boto3(stack: Stack) -> None:
    if stack.credentials is not None:
        raise NotTried("boto3 signs for s3, and the API wants signatures for execute-api")
    config = Config(signature_version=UNSIGNED, s3=PATH_STYLE, retries={"total_max_attempts": 1})
    client = boto3.client("s3", region_name=stack.region, endpoint_url=stack.settings.endpoint, config=config)
    try:
        got = client.get_object_torrent(Bucket=stack.bucket, Key=stack.plain.key)
        judge.torrent(Answer(200, {}, got["Body"].read(), 0), stack.plain)
    except (BotoCoreError, ClientError) as error:
        raise Differs(str(error)) from None


def _headers(stack: Stack) -> None:
    answer = stack.get(stack.plain)
    judge.headers(answer, judge.torrent(answer, stack.plain))


def _stored(stack: Stack) -> None:
    """The first request reads the object, and the second one does not."""
    item = stack.objects.put("stored.bin", random_bytes("stored", 300_000))
    first, second = stack.get(item), stack.get(item)
    judge.torrent(first, item)
    judge.equal("the first x-torrent-origin", first.header("x-torrent-origin"), "object")
    judge.equal("the second x-torrent-origin", second.header("x-torrent-origin"), "sidecar")
    if second.body != first.body:
        raise Differs("the second answer has other bytes than the first")


def _head(stack: Stack) -> str:
    path = stack.path(stack.plain.key)
    got, head = stack.ask(path), stack.ask(path, "HEAD")
    judge.status(head, got.status)
    judge.headers(got, judge.torrent(got, stack.plain))
    for name in ("content-type", "content-disposition", "etag", "cache-control", "x-torrent-info-hash"):
        judge.equal(f"HEAD's {name}", head.header(name), got.header(name))
    length = head.header("content-length")
    if length not in ("", str(len(got.body))):
        raise Differs(f"HEAD's content-length is {length}, and the torrent has {len(got.body)} bytes")
    return "with content-length" if length else "without content-length"


def _not_modified(stack: Stack) -> None:
    etag = stack.get(stack.plain).header("etag")
    for asked in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = stack.get(stack.plain, {"If-None-Match": asked})
        judge.status(answer, 304)
        judge.equal("the body", answer.body, b"")
        judge.equal("etag", answer.header("etag"), etag)
        judge.equal("cache-control", answer.header("cache-control"), "no-cache")
        judge.equal("content-type", answer.header("content-type"), judge.TYPE)


def _modified(stack: Stack) -> None:
    answer = stack.get(stack.plain, {"If-None-Match": '"another"'})
    judge.torrent(answer, stack.plain)


def _range(stack: Stack) -> str:
    """Nothing is promised but that no client takes a part for the whole."""
    whole = stack.get(stack.plain).body
    answer = stack.get(stack.plain, {"Range": "bytes=10-19"})
    if answer.status != 206:
        judge.torrent(answer, stack.plain)
        return "200, the whole torrent"
    judge.equal("content-range", answer.header("content-range"), f"bytes 10-19/{len(whole)}")
    judge.equal("the range", answer.body, whole[10:20])
    return "206"


def _length(stack: Stack, pieces: int, more: int) -> None:
    piece_length = stack.torrent.piece_length
    if piece_length > MOST:
        raise NotTried(f"PIECE_LENGTH is {piece_length}")
    length = pieces * piece_length + more
    item = stack.objects.put(f"length-{pieces}-{more}.bin", random_bytes("length", length))
    judge.torrent(stack.get(item), item)


CHECKS = (
    Check("GET without Accept, HTTP/1.1", partial(_http1, headers={})),
    Check("GET with Accept: */*, HTTP/1.1", partial(_http1, headers={"Accept": "*/*"})),
    Check("GET with a browser's Accept, HTTP/1.1", partial(_http1, headers={"Accept": BROWSER})),
    Check("GET with Accept: application/x-bittorrent, HTTP/1.1", partial(_http1, headers={"Accept": judge.TYPE})),
    Check("GET with Accept-Encoding: gzip, HTTP/1.1", partial(_http1, headers={"Accept-Encoding": "gzip"})),
    Check("GET without Accept, HTTP/2", partial(_http2, accept="")),
    Check("GET with Accept: */*, HTTP/2", partial(_http2, accept="*/*")),
    Check("boto3's get_object_torrent", _boto3),
    Check("headers of a 200", _headers),
    Check("the second answer comes from the sidecar", _stored),
    Check("HEAD", _head),
    Check("If-None-Match with the ETag: 304", _not_modified),
    Check("If-None-Match with another ETag: 200", _modified),
    Check("Range", _range),
    Check("torrent of 1 byte", partial(_length, pieces=0, more=1)),
    Check("torrent of exactly one piece", partial(_length, pieces=1, more=0)),
    Check("torrent of one piece and 1 byte", partial(_length, pieces=1, more=1)),
)
