"""What the load asks, by kinds that come round by round, and whether each answer is right."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benches import info_hash
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
    """An object on SeaweedFS, and the info hash that hashlib found."""

    key: str
    info_hash: str

    @property
    def target(self) -> str:
        """What is asked for its torrent."""
        return f"/{BUCKET}/{self.key}?torrent"


def store(server: SeaweedFS, folder: str, sizes: Sequence[int], piece_length: int) -> list[Stored]:
    """One object of each size, all with different bytes."""
    client, stored = server.client(), []
    for number, size in enumerate(sizes):
        name = f"{number}.bin"
        body = random.Random(f"{folder}/{name}").randbytes(size)
        client.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=body)
        stored.append(Stored(f"{folder}/{name}", info_hash.of_bytes(name.encode(), body, piece_length)))
    return stored


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, with header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Ask:
    """One request, and what its answer must say: a header that is `None` must be missing."""

    kind: str
    target: str
    status: int = 200
    origin: str | None = None
    info_hash: str | None = None
    # The info hash of the torrent in the body, or the code of the error document. Otherwise the body must be empty.
    content: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)

    def fault(self, answer: Answer) -> str | None:
        """What is wrong with the answer."""
        headers = [answer.headers.get(f"x-torrent-{name}") for name in ("origin", "info-hash")]
        found = [answer.status, *headers, _content(answer.body)]
        wanted = [self.status, self.origin, self.info_hash, self.content]
        return None if found == wanted else f"{found} instead of {wanted}"


def first(stored: Stored) -> Ask:
    """Of an object that has no sidecar."""
    return Ask(MISS, stored.target, 200, "object", stored.info_hash, stored.info_hash)


def cached(kind: str, stored: Stored, etag: str) -> Ask:
    """Of an object that has a sidecar, whose torrent has this ETag."""
    if kind == HIT:
        return Ask(kind, stored.target, 200, "sidecar", stored.info_hash, stored.info_hash)
    if kind == HEAD:
        return Ask(kind, stored.target, 200, "sidecar", stored.info_hash, method="HEAD")
    if kind == NOT_MODIFIED:
        return Ask(kind, stored.target, 304, headers={"if-none-match": etag})
    return Ask(BASELINE, f"/{BUCKET}/{stored.key}.torrent", content=stored.info_hash)


WITHOUT_OBJECT = {
    MISSING: Ask(MISSING, f"/{BUCKET}/missing?torrent", 404, content="NoSuchKey"),
    REFUSED: Ask(REFUSED, "/not-served/any?torrent", 403, content="AccessDenied"),
    PREFLIGHT: Ask(PREFLIGHT, f"/{BUCKET}/any", 204, method="OPTIONS"),
}


def _content(body: bytes) -> str:
    if code := re.search(rb"<Code>(\w+)</Code>", body):
        return code[1].decode()
    try:
        return metainfo.read(body).info_hash if body else ""
    except RuntimeError:
        return f"a body of {body[:200]!r}"
