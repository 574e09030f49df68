"""What the load asks, by kinds that come round by round, and what each answer has to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benches.load_judge import Wanted
from benches.load_objects import BUCKET, Stored

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
class Ask:
    """One request, and the answer it has to get."""

    kind: str
    target: str
    wanted: Wanted
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


def first(stored: Stored) -> Ask:
    """Of an object that has no sidecar."""
    return Ask(MISS, _target(stored), _torrent(stored, "object"))


def of_any_origin(stored: Stored) -> Ask:
    """Where others ask for the same at the same moment."""
    return Ask(MISS, _target(stored), _torrent(stored, "object", "job", "sidecar"))


def cached(kind: str, stored: Stored, etag: str) -> Ask:
    """Of an object that has a sidecar, whose torrent has this ETag."""
    target, found = _target(stored), stored.info_hash
    if kind == HIT:
        return Ask(kind, target, _torrent(stored, "sidecar"))
    if kind == HEAD:
        return Ask(kind, target, Wanted(200, ("sidecar",), found), "HEAD")
    if kind == NOT_MODIFIED:
        return Ask(kind, target, Wanted(304), headers={"if-none-match": etag})
    return Ask(BASELINE, f"/{BUCKET}/{stored.key}.torrent", Wanted(200, torrent=found))


WITHOUT_OBJECT = {
    MISSING: Ask(MISSING, f"/{BUCKET}/missing?torrent", Wanted(404, error_code="NoSuchKey")),
    REFUSED: Ask(REFUSED, "/not-served/any?torrent", Wanted(403, error_code="AccessDenied")),
    PREFLIGHT: Ask(PREFLIGHT, f"/{BUCKET}/any", Wanted(204), "OPTIONS"),
}


def _torrent(stored: Stored, *origins: str) -> Wanted:
    return Wanted(200, origins, stored.info_hash, torrent=stored.info_hash)


def _target(stored: Stored) -> str:
    return f"/{BUCKET}/{stored.key}?torrent"
