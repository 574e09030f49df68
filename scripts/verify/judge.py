"""Whether an answer is what the docs promise. Each function raises `Differs` if it is not."""

import hashlib
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.verify import bencode
from scripts.verify.objects import Object
from scripts.verify.outcome import Differs
from scripts.verify.wire import Answer

TYPE = "application/x-bittorrent"
ORIGINS = ("sidecar", "part-checksums", "object", "job")
PIECE_LENGTHS = [1 << bits for bits in range(14, 29)]
EXPOSED = ("etag", "retry-after", "x-amz-request-id", "x-torrent-info-hash", "x-torrent-origin")


@dataclass(frozen=True)
class Torrent:
    """What is in a torrent."""

    info: dict[bytes, bencode.Value]
    info_hash: bytes
    piece_length: int
    web_seeds: list[str]
    # The first tracker, empty if there is none.
    announce: str
    created: int | None


def equal(what: str, found: object, wanted: object) -> None:
    """Compares one thing."""
    if found != wanted:
        raise Differs(f"{what} is {found!r}, and should be {wanted!r}")


def status(answer: Answer, wanted: int) -> None:
    """Compares the status, and shows an answer that is not the one."""
    if answer.status != wanted:
        raise Differs(f"the answer is {answer}, and should be a {wanted}")


def headers(answer: Answer, wanted: Mapping[str, str]) -> None:
    """Compares headers."""
    for name, value in wanted.items():
        equal(name, answer.header(name), value)


def torrent(answer: Answer, of: Object) -> Torrent:
    """The torrent of an object: a 200 whose bytes have the object's name, length and hashes."""
    found = metainfo(answer)
    info(found, of.blocks, {b"length": of.length, b"name": name(of.key).encode()})
    equal("creation date", found.created, of.modified)
    return found


def metainfo(answer: Answer) -> Torrent:
    """A 200 with a torrent, whatever it is of."""
    status(answer, 200)
    try:
        decoded = bencode.decode(answer.body)
        info, seeds = decoded[b"info"], [url.decode() for url in decoded.get(b"url-list", [])]
        length, announce = info[b"piece length"], decoded.get(b"announce", b"").decode()
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        text = f"{len(answer.body)} bytes, which begin with {answer.body[:40]}"
        raise Differs(f"the body is no torrent: {error!r}; {text}") from None
    if length not in PIECE_LENGTHS:
        raise Differs(f"the piece length is {length}")
    info_hash = hashlib.sha1(bencode.encode(info)).digest()
    return Torrent(info, info_hash, length, seeds, announce, decoded.get(b"creation date"))


def info(found: Torrent, blocks: Iterable[bytes | memoryview], more: dict[bytes, bencode.Value]) -> None:
    """Compares `info`: the hashes with the bytes, and each other key."""
    equal("the keys of info", sorted(found.info), sorted([*more, b"piece length", b"pieces"]))
    if found.info[b"pieces"] != _hashes(blocks, found.piece_length):
        raise Differs("the piece hashes are not those of the object's bytes")
    for key, value in more.items():
        equal(key.decode(), found.info[key], value)


def _hashes(blocks: Iterable[bytes | memoryview], piece_length: int) -> bytes:
    """The SHA-1 of each piece. The blocks are not joined: those of a job are large."""
    hashes, rest = b"", bytearray()
    for block in blocks:
        rest += block
        while len(rest) >= piece_length:
            hashes += hashlib.sha1(rest[:piece_length]).digest()
            del rest[:piece_length]
    return hashes + (hashlib.sha1(rest).digest() if rest else b"")


def name(key: str) -> str:
    """The name of an object's torrent. No key of a run is so long that it would be cut."""
    segments = [segment for segment in key.split("/") if segment]
    last = re.sub(r"[\\\x00-\x1f\x7f-\x9f]", "_", segments[-1])
    return last if last.strip(". ") else "object"


def headers_of_torrent(answer: Answer, found: Torrent) -> None:
    """Compares the headers of a 200 with its torrent."""
    etag, length = f'"{hashlib.sha1(answer.body).hexdigest()}"', str(len(answer.body))
    wanted = {"content-type": TYPE, "cache-control": "no-cache", "etag": etag}
    headers(answer, {**wanted, "x-torrent-info-hash": found.info_hash.hex()})
    patterns = {
        "content-disposition": "attachment; filename=.*",
        "x-torrent-origin": "|".join(ORIGINS),
        "x-amz-request-id": ".+",
        "content-length": f"|{length}",
    }
    for header, pattern in patterns.items():
        if not re.fullmatch(pattern, answer.header(header)):
            raise Differs(f"{header} is {answer.header(header)!r}, and should be like {pattern!r}")


def cors(answer: Answer) -> None:
    """Pages of other origins may read the answer."""
    headers(answer, {"access-control-allow-origin": "*"})
    exposed = re.split(", *", answer.header("access-control-expose-headers").lower())
    equal("what access-control-expose-headers lacks", set(EXPOSED) - set(exposed), set())


def error(answer: Answer, wanted: int, code: str, resource: str | None) -> None:
    """Compares an error document: its status, its code and the path that it names."""
    status(answer, wanted)
    cors(answer)
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
    headers(answer, {"retry-after": "5", "x-amz-retry-after": "5000"})
