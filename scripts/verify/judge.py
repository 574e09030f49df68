"""Whether an answer is what the docs promise. Each function raises `Differs` if it is not."""

import hashlib
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass

from scripts.verify import bencode
from scripts.verify.objects import Object
from scripts.verify.outcome import Differs
from scripts.verify.wire import Answer

TYPE = "application/x-bittorrent"
ORIGINS = ("sidecar", "part-checksums", "object", "job")
PIECE_LENGTHS = [1 << bits for bits in range(14, 29)]
EXPOSED = ("ETag", "Retry-After", "x-amz-request-id", "x-torrent-info-hash", "x-torrent-origin")


@dataclass(frozen=True)
class Torrent:
    """A torrent whose names, lengths and hashes are right."""

    metainfo: dict[bytes, bencode.Value]
    info_hash: bytes

    @property
    def piece_length(self) -> int:
        """In bytes."""
        return self.metainfo[b"info"][b"piece length"]

    @property
    def web_seeds(self) -> list[str]:
        """As the torrent lists them."""
        return [url.decode() for url in self.metainfo.get(b"url-list", [])]

    @property
    def announce(self) -> str:
        """The first tracker, empty if there is none."""
        return self.metainfo.get(b"announce", b"").decode()


def equal(what: str, found: object, wanted: object) -> None:
    """Compares one thing."""
    if found != wanted:
        raise Differs(f"{what} is {found!r}, and should be {wanted!r}")


def status(answer: Answer, wanted: int) -> None:
    """Compares the status, and shows an answer that is not the one."""
    if answer.status != wanted:
        raise Differs(f"the answer is {answer}, and should be a {wanted}")


def torrent(answer: Answer, of: Object) -> Torrent:
    """The torrent of an object: a 200 whose bytes have the object's name, length and hashes."""
    found = metainfo(answer)
    length = found.piece_length
    pieces = hashes(of.blocks, length)
    wanted = {b"length": of.length, b"name": name(of.key).encode(), b"piece length": length, b"pieces": pieces}
    info(found, wanted)
    equal("creation date", found.metainfo.get(b"creation date"), of.modified)
    return found


def metainfo(answer: Answer) -> Torrent:
    """A 200 with a torrent, whatever it is of."""
    status(answer, 200)
    try:
        value = bencode.decode(answer.body)
        found = value[b"info"]
        length = found[b"piece length"]
    except (ValueError, TypeError, KeyError) as error:
        start = answer.body[:40]
        raise Differs(
            f"the body is no torrent: {error!r}; {len(answer.body)} bytes, which begin with {start}"
        ) from None
    if length not in PIECE_LENGTHS:
        raise Differs(f"the piece length is {length}")
    return Torrent(value, hashlib.sha1(bencode.encode(found)).digest())


def info(found: Torrent, wanted: dict[bytes, bencode.Value]) -> None:
    """Compares `info`, key by key."""
    has = found.metainfo[b"info"]
    equal("the keys of info", sorted(has), sorted(wanted))
    for key, value in wanted.items():
        if has[key] != value and key == b"pieces":
            raise Differs("the piece hashes are not those of the object's bytes")
        equal(key.decode(), has[key], value)


def hashes(blocks: Iterable[bytes | memoryview], piece_length: int) -> bytes:
    """The SHA-1 of each piece."""
    digests, sha1, room = [], hashlib.sha1(), piece_length
    for block in blocks:
        view = memoryview(block)
        while view:
            taken, view = view[:room], view[room:]
            sha1.update(taken)
            room -= len(taken)
            if room == 0:
                digests.append(sha1.digest())
                sha1, room = hashlib.sha1(), piece_length
    if room < piece_length:
        digests.append(sha1.digest())
    return b"".join(digests)


def name(key: str) -> str:
    """The name of an object's torrent. No key of a run is so long that it would be cut."""
    segments = [segment for segment in key.split("/") if segment]
    last = re.sub(r"[\\\x00-\x1f\x7f-\x9f]", "_", segments[-1])
    return last if last.strip(". ") else "object"


def headers(answer: Answer, found: Torrent) -> None:
    """Compares the headers of a 200 with its torrent."""
    wanted = {
        "content-type": TYPE,
        "cache-control": "no-cache",
        "etag": f'"{hashlib.sha1(answer.body).hexdigest()}"',
        "x-torrent-info-hash": found.info_hash.hex(),
    }
    for header, value in wanted.items():
        equal(header, answer.header(header), value)
    if not answer.header("content-disposition").startswith("attachment; filename="):
        raise Differs(f"content-disposition is {answer.header('content-disposition')!r}")
    if answer.header("x-torrent-origin") not in ORIGINS:
        raise Differs(f"x-torrent-origin is {answer.header('x-torrent-origin')!r}")
    if not answer.header("x-amz-request-id"):
        raise Differs("x-amz-request-id is missing")
    if answer.header("content-length") not in ("", str(len(answer.body))):
        raise Differs(f"content-length is {answer.header('content-length')}, of {len(answer.body)} bytes")


def cors(answer: Answer) -> None:
    """Pages of other origins may read the answer."""
    equal("access-control-allow-origin", answer.header("access-control-allow-origin"), "*")
    exposed = [header.strip().lower() for header in answer.header("access-control-expose-headers").split(",")]
    missing = [header for header in EXPOSED if header.lower() not in exposed]
    if missing:
        raise Differs(f"access-control-expose-headers does not name {', '.join(missing)}")


def error(answer: Answer, wanted: int, code: str, resource: str | None) -> None:
    """Compares an error document: its status, its code and the path that it names."""
    status(answer, wanted)
    equal("content-type", answer.header("content-type").partition(";")[0], "application/xml")
    found = document(answer)
    equal("Code", found.get("Code"), code)
    if resource is not None:
        equal("Resource", found.get("Resource"), resource)


def document(answer: Answer) -> dict[str, str]:
    """An error document, by the names of its elements."""
    try:
        return {child.tag: child.text or "" for child in ElementTree.fromstring(answer.body)}
    except ElementTree.ParseError:
        raise Differs(f"the body is no error document: {answer}") from None


def slow_down(answer: Answer) -> None:
    """A 503 tells SDKs and others when to come again."""
    status(answer, 503)
    for header, value in {"retry-after": "5", "x-amz-retry-after": "5000"}.items():
        equal(header, answer.header(header), value)
