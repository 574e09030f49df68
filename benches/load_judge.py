"""Whether an answer is the one it has to be."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scripts.stack import metainfo

# Of a body that nobody expected.
SHOWN = 200


@dataclass(frozen=True)
class Wanted:
    """What an answer must say. A header that is `None` must not be there."""

    status: int
    # One of these.
    origins: Collection[str | None] = (None,)
    # By the header.
    info_hash: str | None = None
    # The info hash of the torrent that is the body.
    torrent: str | None = None
    # S3's, in a document.
    error_code: str | None = None


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def fault(wanted: Wanted, answer: Answer) -> str | None:
    """What is wrong with it."""
    if answer.status != wanted.status:
        return f"status {answer.status} instead of {wanted.status}: {answer.body[:SHOWN]!r}"
    origin, info_hash = (answer.headers.get(name) for name in ("x-torrent-origin", "x-torrent-info-hash"))
    if origin not in wanted.origins:
        return f"from {origin} instead of {wanted.origins}"
    if info_hash != wanted.info_hash:
        return f"the info hash by the header is {info_hash} instead of {wanted.info_hash}"
    return _body_fault(wanted, answer.body)


def _body_fault(wanted: Wanted, body: bytes) -> str | None:
    if wanted.torrent is not None:
        return _torrent_fault(wanted.torrent, body)
    said = f"<Code>{wanted.error_code}</Code>".encode() if wanted.error_code else b""
    is_right = said in body if said else not body
    return None if is_right else f"the body is {body[:SHOWN]!r} instead of {said!r}"


def _torrent_fault(info_hash: str, body: bytes) -> str | None:
    """The header may be right where the bytes are not."""
    try:
        found = metainfo.read(body).info_hash
    except RuntimeError as error:
        return f"no torrent: {error}"
    return None if found == info_hash else f"the torrent's info hash is {found} instead of {info_hash}"
