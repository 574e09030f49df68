"""The torrent as it arrives, by every way of asking, and how fast."""

import statistics
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
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
REQUESTS = {
    "without Accept, HTTP/1.1": {},
    "with Accept: */*, HTTP/1.1": {"Accept": "*/*"},
    "with a browser's Accept, HTTP/1.1": {"Accept": BROWSER},
    "with Accept: application/x-bittorrent, HTTP/1.1": {"Accept": judge.TYPE},
    "with Accept-Encoding: gzip, HTTP/1.1": {"Accept-Encoding": "gzip"},
    "without Accept, HTTP/2": {"Accept": ""},
    "with Accept: */*, HTTP/2": {"Accept": "*/*"},
}
CACHED = 10
MOST_AT_ONCE = 2000
CONNECTIONS = 100


def _http1(stack: Stack, headers: Mapping[str, str]) -> None:
    judge.torrent(stack.get(stack.plain, headers), stack.plain)


def _http2(stack: Stack, headers: Mapping[str, str]) -> None:
    url = stack.settings.endpoint + stack.path(stack.plain.key)
    judge.torrent(wire.ask_http2(url, {**headers, **stack.signature("GET", url)}), stack.plain)


def _boto3(stack: Stack) -> None:
    if stack.credentials is not None:
        raise NotTried("boto3 signs for s3, and the API wants signatures for execute-api")
    config = Config(signature_version=UNSIGNED, s3=PATH_STYLE, retries={"total_max_attempts": 1})
    client = boto3.client("s3", region_name=stack.region, endpoint_url=stack.settings.endpoint, config=config)
    try:
        got = client.get_object_torrent(Bucket=stack.bucket, Key=stack.plain.key)
        judge.torrent(Answer(200, Message(), got["Body"].read()), stack.plain)
    except (BotoCoreError, ClientError) as error:
        raise Differs(str(error)) from None


def _headers(stack: Stack) -> None:
    answer = stack.get(stack.plain)
    judge.headers_of_torrent(answer, judge.torrent(answer, stack.plain))


def _stored(stack: Stack) -> None:
    """The first request reads the object, and the second one does not."""
    item = stack.objects.put("stored.bin", random_bytes("stored", 300_000))
    first, second = stack.get(item), stack.get(item)
    judge.torrent(first, item)
    origins = [answer.header("x-torrent-origin") for answer in (first, second)]
    judge.equal("x-torrent-origin of both", origins, ["object", "sidecar"])
    if second.body != first.body:
        raise Differs("the second answer has other bytes than the first")


def _head(stack: Stack) -> str:
    got, head = stack.get(stack.plain), stack.ask(stack.path(stack.plain.key), "HEAD")
    judge.status(head, 200)
    names = ("content-type", "content-disposition", "etag", "cache-control", "x-torrent-info-hash")
    judge.headers(head, {name: got.header(name) for name in names})
    length = head.header("content-length")
    if length not in ("", str(len(got.body))):
        raise Differs(f"HEAD's content-length is {length}, and the torrent has {len(got.body)} bytes")
    return "with content-length" if length else "without content-length"


def _not_modified(stack: Stack) -> None:
    etag = stack.get(stack.plain).header("etag")
    answer = stack.get(stack.plain, {"If-None-Match": f'"other", {etag}'})
    judge.status(answer, 304)
    judge.equal("the body", answer.body, b"")
    judge.headers(answer, {"etag": etag, "cache-control": "no-cache", "content-type": judge.TYPE})


def _range(stack: Stack) -> str:
    """Nothing is promised but that no client takes a part for the whole."""
    whole = stack.get(stack.plain).body
    answer = stack.get(stack.plain, {"Range": "bytes=10-19"})
    if answer.status != 206:
        judge.torrent(answer, stack.plain)
        return "200, the whole torrent"
    judge.headers(answer, {"content-range": f"bytes 10-19/{len(whole)}"})
    judge.equal("the range", answer.body, whole[10:20])
    return "206"


def _latency(stack: Stack) -> str:
    """Nothing is promised of it."""
    path = stack.path(stack.plain.key)
    medians = {}
    for method in ("GET", "HEAD"):
        answers = [stack.ask(path, method) for _ in range(CACHED)]
        for answer in answers:
            judge.status(answer, 200)
        medians[method] = 1000 * statistics.median(answer.seconds for answer in answers)
    first = f"first request {1000 * stack.first_seconds:.0f} ms"
    return f"{first}, cached GET {medians['GET']:.0f} ms, HEAD {medians['HEAD']:.0f} ms (medians)"


def _throttled(stack: Stack) -> str:
    """More requests at once than the API takes. They do not reach S3."""
    count = stack.settings.burst
    if not count:
        raise NotTried("give BURST=n, more than the API takes at once, as 300")
    with ThreadPoolExecutor(min(count, CONNECTIONS)) as pool:
        answers = list(pool.map(stack.ask, [f"/{stack.bucket}?torrent"] * count))
    refused = [answer for answer in answers if answer.status != 400]
    for answer in refused:
        judge.slow_down(answer)
        judge.cors(answer)
    if not refused:
        raise NotTried(f"none of {count} requests was turned away")
    counts = dict(Counter(answer.status for answer in answers))
    return f"answers by status {counts}; the 503 is {refused[0]}"


CHECKS = (
    *(
        Check(f"GET {how}", partial(_http2 if how.endswith("2") else _http1, headers=headers))
        for how, headers in REQUESTS.items()
    ),
    Check("boto3's get_object_torrent", _boto3),
    Check("headers of a 200", _headers),
    Check("the second answer comes from the sidecar", _stored),
    Check("HEAD", _head),
    Check("If-None-Match with the ETag: 304", _not_modified),
    Check("If-None-Match with another ETag: 200", partial(_http1, headers={"If-None-Match": '"another"'})),
    Check("Range", _range),
    Check("latency", _latency),
    Check("throttled requests", _throttled),
)
