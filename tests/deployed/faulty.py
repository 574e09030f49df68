"""Deployments that are not right: a server before an endpoint that spoils requests and answers, and what must fail."""

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from scripts.stack.gateways import Request, Response
from scripts.stack.runtime_api import Handler, serve
from scripts.verify import bencode, wire

Ask = Callable[[Request], Response]
Fault = Callable[[Request, Ask], Response]
# These belong to a connection.
OWN = ("connection", "content-length", "host", "keep-alive", "transfer-encoding")


class Front:
    """The server. Without a fault it changes nothing."""

    def __init__(self, owner: contextlib.ExitStack, endpoint: str) -> None:
        self._fault: Fault = lambda request, ask: ask(request)
        self._upstream = endpoint
        self.endpoint = f"http://{serve(owner, type('_Client', (_Client,), {'front': self}))}"

    @contextlib.contextmanager
    def spoiled(self, fault: Fault) -> Iterator[None]:
        """Has the fault until the end of the block."""
        before, self._fault = self._fault, fault
        try:
            yield
        finally:
            self._fault = before

    def answer(self, request: Request) -> Response:
        """What a client gets."""
        return self._fault(request, self._ask)

    def _ask(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        answer = wire.ask(self._upstream + request.target, request.method, headers)
        kept = [(name.lower(), value) for name, value in answer.headers.items() if name.lower() not in OWN]
        return Response(answer.status, kept, answer.body)


class _Client(Handler):
    front: Front

    # Without headers of its own.
    send_response = Handler.send_response_only

    def _answer(self) -> None:
        self.read_body()
        self.send(self.front.answer(Request(self.command, self.requestline.split(" ")[1], self.headers)))

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_DELETE = do_PROPFIND = _answer


def target(change: Callable[[str], str]) -> Fault:
    """The function gets another path and query."""
    return lambda request, ask: ask(replace(request, target=change(request.target)))


def path(change: Callable[[str], str]) -> Fault:
    """The function gets another path."""
    return target(lambda target: "?".join([change(target.partition("?")[0]), target.partition("?")[2]]))


def body(change: Callable[[bytes], bytes]) -> Fault:
    """Clients get other bytes."""
    return lambda request, ask: replace(answer := ask(request), body=change(answer.body))


def header(name: str, value: str, method: str = "") -> Fault:
    """Clients get another header, or only those who use `method`."""

    def fault(request: Request, ask: Ask) -> Response:
        answer = ask(request)
        others = [pair for pair in answer.headers if pair[0] != name]
        return replace(answer, headers=[*others, (name, value)]) if method in ("", request.method) else answer

    return fault


def status(status: int) -> Fault:
    """API Gateway answers by itself, without a header that anyone needs."""
    headers = [("content-type", "application/json"), ("x-amzn-errortype", "SomeException")]
    return lambda request, ask: Response(status, headers, b'{"message":null}')


def _as_text(answer: bytes) -> bytes:
    return answer.decode("utf-8", "replace").encode()


def _seeds_elsewhere(answer: bytes) -> bytes:
    metainfo = bencode.decode(answer)
    metainfo[b"url-list"] = [
        re.sub(rb"([^/])/", rb"\1/elsewhere/", url, count=1) for url in metainfo.get(b"url-list", [])
    ]
    return bencode.encode(metainfo)


def _without_presigned_and_version(known: str) -> str:
    return re.sub(r"&(presigned|versionId)=.*", "", known)


def _range_of_another(request: Request, ask: Ask) -> Response:
    answer = ask(request)
    return Response(206, answer.headers, answer.body[:10]) if "range" in request.headers else answer


TORRENTS = ("GET*1.1", "boto3*", "headers*", "If-None-Match with another*")
# By what is wrong: the fault, and the titles, as patterns.
OF_THE_API: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "torrents are taken for text": (body(_as_text), (*TORRENTS, "presigned URL", "versionId", "collection")),
    "everything is read": (
        header("x-torrent-origin", "object"),
        ("the second*", "part checksums"),
    ),
    "HEAD has another ETag": (header("etag", '"x"', "HEAD"), ("HEAD",)),
    "304 has another type": (header("content-type", "application/json"), ("If-None-Match with the ETag*",)),
    "ranges are wrong": (_range_of_another, ("Range",)),
    "web seeds are wrong": (body(_seeds_elsewhere), ("web seeds*",)),
    "nothing is answered": (status(502), ("refused*", "presigned*other*", "job", "latency")),
    "the request ID is another": (header("x-amz-request-id", "x"), ("request ID*",)),
    "CORS is off": (header("access-control-allow-origin", ""), ("refused*", "CORS on a [234]*", "CORS: preflight")),
    "too many is a 429": (status(429), ("throttled*",)),
    "API Gateway has no CORS": (status(403), ("CORS on an*",)),
    "presigned URLs and versions are ignored": (
        target(_without_presigned_and_version),
        ("presigned*other*", "versionId"),
    ),
}
OF_PATHS: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "keys are others": (path(lambda known: f"{known}x"), ("key *",)),
    "slashes are folded": (path(lambda known: re.sub("/+", "/", known)), ("key with //", "key with several*")),
    "decoded twice": (path(lambda known: known.replace("%25", "%")), ("key with %2F", "key with %25", "key with % *")),
    "a + is a space": (path(lambda known: re.sub(r"\+|%2B", "%20", known)), ("key with +", "key whose + *")),
    "not UTF-8": (path(lambda known: re.sub("(?i)%[c-f].", "%3F", known)), ("key with Unicode", "key in lower*")),
}
OF_THE_TRACKER: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "answers stay base64": (body(base64.b64encode), ("announce*", "one peer*", "scrape")),
    "bytes are taken for UTF-8": (
        target(lambda known: re.sub("%[89A-F].", "%EF%BF%BD", known)),
        ("announce", "announce with %00%FF*"),
    ),
    "a + is a space": (
        target(lambda known: re.sub(r"\+|%2B", "%20", known)),
        ("announce with a + *", "announce with %2B%2F*"),
    ),
    "peers stay alone": (target(lambda known: f"{known}&numwant=0"), ("one peer*",)),
}
