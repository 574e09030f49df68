"""The stack's own tracker: whether every byte of an info hash reaches it, and how it answers."""

import hashlib
import itertools
from functools import partial
from urllib.parse import quote, quote_from_bytes, urlsplit

from scripts.verify import bencode, judge, wire
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack

LOCAL = ("127.0.0.1", "localhost", "::1")
SPELLINGS = {
    "": lambda info_hash: _escaped(info_hash),
    " in lower-case escapes": lambda info_hash: _escaped(info_hash).lower(),
    " with as few escapes as may be": lambda info_hash: quote_from_bytes(info_hash, safe="~"),
}
# Bytes that a query may spoil, and those that are sent as they are.
ODD = (b"+/", b"&=", b" %", b"\x00\xff", b"$;")
RAW = {b"+": b"+/", b"/": b"+/", b"$": b"$;"}
# AWS's docs say that a Function URL refuses these in a query, unless they are escaped, as clients do.
REFUSED = (b"/", b"$")
PORTS = (6881, 6882)


def _url(stack: Stack) -> str:
    """The announce URL. Trackers of others are left alone."""
    announce = stack.torrent.announce
    host = urlsplit(announce).hostname or ""
    if stack.settings.tracker or ".lambda-url." in host or host in LOCAL:
        return stack.settings.tracker or announce
    raise NotTried(
        f"the first tracker is {announce}; give TRACKER=URL if it is the stack's" if announce else "no tracker"
    )


def _escaped(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)


def _announced(stack: Stack, info_hash: str, event: str, port: int = PORTS[0]) -> wire.Answer:
    """Announces a peer that is not a seed. The info hash goes into the query unchanged."""
    peer = f"&peer_id=-GV0000-{port:012}&port={port}&left=1"
    return wire.ask(f"{_url(stack)}?info_hash={info_hash}{peer}&event={event}&compact=1")


def _read(answer: wire.Answer) -> dict[bytes, bencode.Value]:
    judge.status(answer, 200)
    judge.equal("content-type", answer.header("content-type").partition(";")[0], "text/plain")
    try:
        return bencode.decode(answer.body)
    except ValueError as error:
        raise Differs(f"the answer is no bencode ({error}): {answer}") from None


def _must_be_known(answer: wire.Answer) -> dict[bytes, bencode.Value]:
    known = _read(answer)
    if not 1620 <= known.get(b"interval", 0) <= 1980 or not isinstance(known.get(b"peers"), bytes):
        raise Differs(f"the tracker answers {known}")
    return known


def _registered(stack: Stack, spelling: str) -> None:
    info_hash = SPELLINGS[spelling](stack.torrent.info_hash)
    _must_be_known(_announced(stack, info_hash, "started"))
    _announced(stack, info_hash, "stopped")


def _odd(stack: Stack, odd: bytes, raw: bytes = b"") -> str | None:
    """A torrent that the tracker knows, with these bytes in its info hash."""
    name = f"info-hash-{odd.hex()}"
    # It takes some hundred tries.
    bodies = (f"{name} {number}".encode() for number in itertools.count())
    body, info_hash = next((body, found) for body in bodies if set(odd) <= set(found := _info_hash(stack, name, body)))
    item = stack.objects.put(name, body)
    judge.equal("info hash", judge.torrent(stack.get(item), item).info_hash, info_hash)
    spelled = quote_from_bytes(info_hash, safe=raw + b"~")
    answer = _announced(stack, spelled, "started")
    if raw in REFUSED and answer.status == 400:
        return "the Function URL refuses it with 400"
    _must_be_known(answer)
    _announced(stack, spelled, "stopped")
    return None


def _info_hash(stack: Stack, name: str, body: bytes) -> bytes:
    info = {b"length": len(body), b"name": name.encode(), b"piece length": stack.torrent.piece_length}
    return hashlib.sha1(bencode.encode({**info, b"pieces": hashlib.sha1(body).digest()})).digest()


def _introduced(stack: Stack) -> str:
    """A peer hears of another, at the address that both call from, until that one stops."""
    info_hash, (first, second) = _escaped(stack.torrent.info_hash), PORTS
    _must_be_known(_announced(stack, info_hash, "started", first))
    before = _must_be_known(_announced(stack, info_hash, "started", second))
    _announced(stack, info_hash, "stopped", first)
    after = _must_be_known(_announced(stack, info_hash, "started", second))
    _announced(stack, info_hash, "stopped", second)
    if first not in _ports(before) or first in _ports(after):
        raise Differs(f"the second peer gets {before}, and {after} after the first has stopped")
    return "by IPv4" if before[b"peers"] else "by IPv6"


def _ports(answer: dict[bytes, bencode.Value]) -> list[int]:
    lists = ((answer.get(b"peers", b""), 6), (answer.get(b"peers6", b""), 18))
    return [int.from_bytes(peers[end - 2 : end]) for peers, size in lists for end in range(size, len(peers) + 1, size)]


def _scrape(stack: Stack) -> None:
    info_hash = stack.torrent.info_hash
    _announced(stack, _escaped(info_hash), "started")
    # The path's last segment is announce (BEP 48).
    url = (
        f"{_url(stack).removesuffix('announce')}scrape?info_hash={_escaped(info_hash)}&info_hash={_escaped(bytes(20))}"
    )
    answer = _read(wire.ask(url))
    _announced(stack, _escaped(info_hash), "stopped")
    files = answer.get(b"files", {})
    if list(files) != [info_hash] or files[info_hash].get(b"incomplete", 0) < 1:
        raise Differs(f"the scrape has {answer}")


CHECKS = (
    *(Check(f"announce{spelling}", partial(_registered, spelling=spelling)) for spelling in SPELLINGS),
    *(Check(f"announce with {quote(odd, safe='')} in the info hash", partial(_odd, odd=odd)) for odd in ODD),
    *(Check(f"announce with a {raw.decode()} as it is", partial(_odd, odd=odd, raw=raw)) for raw, odd in RAW.items()),
    Check("one peer hears of another", _introduced),
    Check("scrape", _scrape),
)
