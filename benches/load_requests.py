"""What the load asks, by kinds that come round by round, and what must be answered."""

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.stack import metainfo
from scripts.stack.seaweedfs import SeaweedFS

BUCKET = "data"
HIT, MISS, HEAD, NOT_MODIFIED = "hit", "miss", "HEAD of a hit", "304"
MISSING, REFUSED, PREFLIGHT = "404, no such key", "403, bucket not served", "204, preflight"
# The sidecar from S3 itself: no request of the function's.
BASELINE = "baseline: GET of the sidecar"

# Of 20 requests to the function, and one to S3.
ROUND = (
    *(HIT, HIT, NOT_MODIFIED, HIT, HIT, MISSING, HIT),
    *(HIT, HEAD, HIT, MISS, HIT, HIT, BASELINE),
    *(HIT, NOT_MODIFIED, HIT, PREFLIGHT, HIT, REFUSED, HIT),
)
KINDS = (HIT, HEAD, NOT_MODIFIED, MISS, MISSING, REFUSED, PREFLIGHT)
REQUESTS_A_ROUND = sum(kind != BASELINE for kind in ROUND)


@dataclass(frozen=True)
class Stored:
    """An object on SeaweedFS, the info hash that hashlib found, and the ETag of its torrent once that is made."""

    key: str
    info_hash: str
    etag: str = ""


def store(server: SeaweedFS, folder: str, sizes: Sequence[int], piece_length: int) -> list[Stored]:
    """One object of each size, all with different bytes."""
    client, stored = server.client(), []
    for number, size in enumerate(sizes):
        name = f"{number}.bin"
        body = random.Random(f"{folder}/{name}").randbytes(size)
        client.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=body)
        stored.append(Stored(f"{folder}/{name}", info_hash(name.encode(), body, piece_length)))
    return stored


def info_hash(name: bytes, body: bytes, piece_length: int) -> str:
    """By BEP 3: the SHA-1 of the dictionary of length, name, piece length and the SHA-1 of each piece."""
    starts = range(0, len(body), piece_length)
    pieces = b"".join(hashlib.sha1(body[start : start + piece_length]).digest() for start in starts)
    info = b"d6:lengthi%de4:name%d:%b12:piece lengthi%de6:pieces%d:%be"
    return hashlib.sha1(info % (len(body), len(name), name, piece_length, len(pieces), pieces)).hexdigest()


@dataclass(frozen=True)
class Ask:
    """One request, and what its answer must have."""

    kind: str
    target: str
    # The status, the headers `x-torrent-origin` and `x-torrent-info-hash`, and the content: the torrent's info hash,
    # the code of the error document, or nothing.
    expected: tuple[int, str | None, str | None, str]
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


def of(kind: str, stored: Stored) -> Ask:
    """The request of a kind, which is for `stored` if it is for an object."""
    target, torrent = f"/{BUCKET}/{stored.key}?torrent", stored.info_hash
    asks = (
        Ask(HIT, target, (200, "sidecar", torrent, torrent)),
        Ask(MISS, target, (200, "object", torrent, torrent)),
        Ask(HEAD, target, (200, "sidecar", torrent, ""), "HEAD"),
        Ask(NOT_MODIFIED, target, (304, None, None, ""), headers={"if-none-match": stored.etag}),
        Ask(MISSING, f"/{BUCKET}/missing?torrent", (404, None, None, "NoSuchKey")),
        Ask(REFUSED, "/not-served/any?torrent", (403, None, None, "AccessDenied")),
        Ask(PREFLIGHT, f"/{BUCKET}/any", (204, None, None, ""), "OPTIONS"),
        Ask(BASELINE, f"/{BUCKET}/{stored.key}.torrent", (200, None, None, torrent)),
    )
    return next(ask for ask in asks if ask.kind == kind)


def content(body: bytes) -> str:
    """The info hash of a torrent, or the code of an error document."""
    if code := re.search(rb"<Code>(\w+)</Code>", body):
        return code[1].decode()
    try:
        return metainfo.read(body).info_hash if body else ""
    except RuntimeError:
        return f"a body of {body[:200]!r}"
