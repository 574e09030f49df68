"""The stack's own tracker: whether every byte of an info hash reaches it, and what it tells."""

import hashlib
import itertools
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, quote_from_bytes, urlsplit

from scripts.verify import bencode, judge, wire
from scripts.verify.objects import Object
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack
from scripts.verify.wire import Answer

LOCAL = ("127.0.0.1", "localhost", "::1")
# Bytes that a query may spoil.
ODD = (b"+/", b"&=", b" %", b"\x00\xff", b"$;")
# AWS's docs say that a Function URL refuses these in a query, unless they are escaped, as clients do.
REFUSED = (b"/", b"$")
PORTS = (6881, 6882)


def _url(stack: Stack) -> str:
    """The announce URL. Trackers of others are left alone."""
    announce = stack.torrent.announce
    if stack.settings.tracker:
        return stack.settings.tracker
    host = urlsplit(announce).hostname or ""
    if ".lambda-url." in host or host in LOCAL:
        return announce
    raise NotTried(
        f"the first tracker is {announce}; give TRACKER=URL if it is the stack's" if announce else "no tracker"
    )


def _escaped(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)


def _announced(stack: Stack, info_hash: str, port: int, event: str) -> Answer:
    """Announces a peer that is not a seed. The info hash goes into the query unchanged."""
    url = f"{_url(stack)}?info_hash={info_hash}&peer_id={_peer(port)}&port={port}&left=1&event={event}&compact=1"
    answer = wire.must_ask(url)
    stack.seconds["announce"].append(answer.seconds)
    return answer


def _announce(
    stack: Stack, info_hash: str, *, port: int = PORTS[0], event: str = "started"
) -> dict[bytes, bencode.Value]:
    """The same, and reads the answer."""
    return _read(_announced(stack, info_hash, port, event))


def _peer(port: int) -> str:
    return f"-GV0000-{port:012}"


def _read(answer: Answer) -> dict[bytes, bencode.Value]:
    judge.status(answer, 200)
    judge.equal("content-type", answer.header("content-type").partition(";")[0], "text/plain")
    try:
        return bencode.decode(answer.body)
    except ValueError as error:
        raise Differs(f"the answer is no bencode ({error}): {answer}") from None


def _must_be_known(told: dict[bytes, bencode.Value]) -> None:
    if b"failure reason" in told:
        raise Differs(f"the tracker answers {told[b'failure reason'].decode()}")
    if not 1620 <= told.get(b"interval", 0) <= 1980 or not isinstance(told.get(b"peers"), bytes):
        raise Differs(f"the tracker tells {told}")


def _registered(stack: Stack, escape: str) -> None:
    info_hash = stack.torrent.info_hash
    unreserved = quote_from_bytes(info_hash, safe="~")
    spelled = {"upper": _escaped(info_hash), "lower": _escaped(info_hash).lower(), "least": unreserved}
    _must_be_known(_announce(stack, spelled[escape]))
    _announce(stack, spelled[escape], event="stopped")


def _every_byte(stack: Stack) -> None:
    """All 256 values, in info hashes that the tracker does not know."""
    data = bytes(range(256)) + bytes(4)
    for start in range(0, len(data), 20):
        told = _announce(stack, _escaped(data[start : start + 20]))
        judge.equal("failure reason", told.get(b"failure reason"), b"unregistered torrent")


def _odd(stack: Stack, odd: bytes, raw: bytes = b"") -> str | None:
    """A torrent that the tracker knows, with these bytes in its info hash; `raw` are not escaped."""
    item, info_hash = _found(stack, odd)
    judge.equal("info hash", judge.torrent(stack.get(item), item).info_hash, info_hash)
    spelled = quote_from_bytes(info_hash, safe=raw + b"~")
    answer = _announced(stack, spelled, PORTS[0], "started")
    if raw in REFUSED and answer.status == 400:
        return "the Function URL refuses it with 400"
    _must_be_known(_read(answer))
    _announce(stack, spelled, event="stopped")
    return None


def _found(stack: Stack, odd: bytes) -> tuple[Object, bytes]:
    """An object whose info hash has these bytes. It takes some hundred tries."""
    name = f"info-hash-{odd.hex()}"
    for number in itertools.count():
        body = f"{name} {number}".encode()
        pieces = hashlib.sha1(body).digest()
        info = {
            b"length": len(body),
            b"name": name.encode(),
            b"piece length": stack.torrent.piece_length,
            b"pieces": pieces,
        }
        info_hash = hashlib.sha1(bencode.encode(info)).digest()
        if all(byte in info_hash for byte in odd):
            return stack.objects.put(name, body), info_hash
    raise AssertionError("never")


def _told(stack: Stack) -> str:
    """A peer is told of another, at the address that both call from, until that one stops."""
    info_hash = _escaped(stack.torrent.info_hash)
    _must_be_known(_announce(stack, info_hash, port=PORTS[0]))
    told = _announce(stack, info_hash, port=PORTS[1])
    family = next((kind for kind in (b"peers", b"peers6") if told.get(kind)), None)
    if family is None:
        raise Differs(f"the second peer is not told of the first: {told}")
    _announce(stack, info_hash, port=PORTS[0], event="stopped")
    after = _announce(stack, info_hash, port=PORTS[1])
    _announce(stack, info_hash, port=PORTS[1], event="stopped")
    if PORTS[0] not in _ports(told, family) or PORTS[0] in _ports(after, family):
        raise Differs(f"the second peer is told {told}, and after the first has stopped {after}")
    return "by IPv4" if family == b"peers" else "by IPv6"


def _ports(told: dict[bytes, bencode.Value], family: bytes) -> Sequence[int]:
    peers, size = told.get(family, b""), 6 if family == b"peers" else 18
    return [int.from_bytes(peers[end - 2 : end]) for end in range(size, len(peers) + 1, size)]


def _scrape(stack: Stack) -> None:
    info_hash = stack.torrent.info_hash
    announce = _url(stack)
    _announce(stack, _escaped(info_hash))
    # The path's last segment is announce (BEP 48).
    url = announce.removesuffix("announce") + f"scrape?info_hash={_escaped(info_hash)}&info_hash={_escaped(bytes(20))}"
    told = _read(wire.must_ask(url))
    _announce(stack, _escaped(info_hash), event="stopped")
    files = told.get(b"files", {})
    if list(files) != [info_hash] or files[info_hash].get(b"incomplete", 0) < 1:
        raise Differs(f"the scrape tells {told}")


CHECKS = (
    Check("announce", partial(_registered, escape="upper")),
    Check("announce in lower-case escapes", partial(_registered, escape="lower")),
    Check("announce with as few escapes as may be", partial(_registered, escape="least")),
    Check("announce with each of the 256 bytes, escaped", _every_byte),
    *(Check(f"announce with {quote(odd, safe='')} in the info hash", partial(_odd, odd=odd)) for odd in ODD),
    Check("announce with a + as it is", partial(_odd, odd=b"+/", raw=b"+")),
    Check("announce with a / as it is", partial(_odd, odd=b"+/", raw=b"/")),
    Check("announce with a $ as it is", partial(_odd, odd=b"$;", raw=b"$")),
    Check("one peer is told of another", _told),
    Check("scrape", _scrape),
)
