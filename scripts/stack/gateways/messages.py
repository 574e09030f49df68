"""Requests, events and answers, and what all gateways do to them."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

Event = dict[str, Any]
Answer = dict[str, Any]
Headers = list[tuple[str, str]]

FORWARDED = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
TRACE = "Root=1-5c536348-3d683b8b04734faae651f476"


@dataclass(frozen=True)
class Request:
    """An HTTP request; the target is what stands in the request line."""

    method: str
    target: str
    headers: Message
    # Where the client is.
    address: str = "127.0.0.1"

    @property
    def path(self) -> str:
        """Percent-encoded, as it came."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """Percent-encoded, as it came."""
        return self.target.partition("?")[2]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's pairs, decoded."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def forwarded(self) -> Headers:
        """All headers, and what every gateway adds."""
        added = dict(zip(FORWARDED, (self.address, "443", "https", TRACE), strict=True))
        kept = [(name, value) for name, value in self.headers.items() if name.lower() not in FORWARDED]
        return [*kept, *added.items()]


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    headers: Headers
    body: bytes


FAILED = Response(502, [("Content-Type", "application/json")], b'{"message": "Internal server error"}')


@dataclass(frozen=True)
class Gateway:
    """One kind of gateway. It may answer a request itself, in place of an event."""

    event: Callable[[Request], Event | Response]
    answer: Callable[[Answer], Response]

    def response(self, answer: bytes) -> Response:
        """The HTTP response of a function's answer: a 502 for one that it must not give."""
        try:
            return self.answer(json.loads(answer))
        except (AttributeError, LookupError, TypeError, ValueError):
            return FAILED


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each name, in their order."""
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups


def body(answer: Answer) -> bytes:
    """The body, decoded where the answer says so."""
    text = answer.get("body") or ""
    return base64.b64decode(text, validate=True) if answer.get("isBase64Encoded") else text.encode()


def with_type(headers: Headers) -> Headers:
    """LocalStack: an answer without a type is JSON, even where it has no body."""
    typed = any(name.lower() == "content-type" for name, _ in headers)
    return headers if typed else [*headers, ("Content-Type", "application/json")]
