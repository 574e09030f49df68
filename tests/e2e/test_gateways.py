"""The same function behind a REST API and a Function URL, and these as they were recorded on AWS.

LocalStack's snapshots are those of `tests/aws/services/` in <https://github.com/localstack/localstack>. voker's
captures are `vokerhttp/testdata/` in <https://github.com/hotsock/voker>.
"""

from email.message import Message
from pathlib import Path

import clients
import pytest
from functions import Functions
from store import OPEN, VERSIONED, Store, random_bytes

from scripts.stack import metainfo
from scripts.stack.gateways import GATEWAYS, Gateway, Request, function_url, rest_api

BODY = random_bytes(300_000, seed=6)
ALL = pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=GATEWAYS)


@ALL
def test_each_brings_the_key_and_the_bytes(
    functions: Functions, endpoint: str, store: Store, folder: Path, gateway: Gateway
) -> None:
    behind = functions.start(gateway=gateway, VIRTUAL_HOST_DOMAIN="t.example").endpoint
    for name in ("plain.bin", "a+b c%2Fd.bin", "Ünïcode 日本語.bin", "what?#.bin"):
        key = store.put(name, BODY)
        assert clients.boto_torrent(behind, OPEN, key) == clients.boto_torrent(endpoint, OPEN, key)
    # A slash at the start of a key is kept. SeaweedFS has the same object there.
    key = store.put("file", BODY)
    answer = clients.curl(f"{behind}//{key}?torrent", folder, "--header", f"Host: {OPEN}.t.example")
    assert metainfo.read(answer.body).web_seeds[0].endswith(f"/{OPEN}//{key}")


@ALL
def test_each_brings_query_headers_and_errors(
    functions: Functions, store: Store, folder: Path, gateway: Gateway
) -> None:
    behind = functions.start(gateway=gateway, VIRTUAL_HOST_DOMAIN="t.example").endpoint
    key = store.key("file")
    old, _ = (store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"] for body in (BODY, b"new"))
    url = clients.torrent_url(behind, VERSIONED, key, f"torrent&versionId={old}")
    answer = clients.curl(url, folder)
    assert metainfo.read(answer.body).length == len(BODY)
    unchanged = clients.curl(url, folder, "--header", f"If-None-Match: {answer.headers['etag']}")
    preflight = clients.curl(url, folder, "--request", "OPTIONS")
    refused = clients.curl(url, folder, "--request", "DELETE")
    missing = clients.curl(clients.torrent_url(behind, OPEN, "missing é"), folder)
    types = [(one.status, one.headers["content-type"]) for one in (answer, unchanged, preflight, refused, missing)]
    torrent, error = "application/x-bittorrent", "application/xml"
    assert types == [(200, torrent), (304, torrent), (204, "text/plain"), (405, error), (404, error)]
    assert f"<Resource>/{OPEN}/missing é</Resource>".encode() in missing.body


def request(target: str, *headers: tuple[str, str], method: str = "GET") -> Request:
    message = Message()
    for name, value in headers:
        message.add_header(name, value)
    return Request(method, target, message, "192.0.2.1")


# What voker sent to both.
VOKER = request(
    "/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb"
    "&literalPlus=a+b&encodedPlus=a%2Bb&empty=",
    ("Host", "api.example"),
    ("User-Agent", "curl/8.7.1"),
    ("accept", "*/*"),
    ("content-length", "66"),
    ("cookie", "session=abc123; theme=dark"),
    ("x-voker-probe", "first"),
    ("x-voker-probe", "second"),
    method="POST",
)
DECODED = {"redirect": "https://example.com/a/b", "literalPlus": "a b", "encodedPlus": "a+b", "empty": ""}
FORWARDED = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}
COMMON = {"accept", "host", "user-agent", "x-voker-probe"} | FORWARDED


def test_a_rest_api_sends_what_voker_captured() -> None:
    event = rest_api.event(VOKER)
    assert (event["resource"], event["path"]) == ("/{proxy+}", "/capture/space%20value")
    assert event["pathParameters"] == {"proxy": "capture/space%20value"}
    assert event["requestContext"]["path"] == "/prod/capture/space%20value"
    assert event["queryStringParameters"] == DECODED | {"repeat": "two"}
    assert event["multiValueQueryStringParameters"]["repeat"] == ["one", "two"]
    assert {name.lower() for name in event["headers"]} == COMMON | {"cookie"}
    assert event["headers"]["x-voker-probe"] == "second"
    assert event["multiValueHeaders"]["x-voker-probe"] == ["first", "second"]
    assert {"Host", "User-Agent", "X-Forwarded-For", "X-Amzn-Trace-Id", "accept"} < event["headers"].keys()


def test_a_function_url_sends_what_voker_captured() -> None:
    event = function_url.event(VOKER)
    assert event["rawPath"] == "/capture/space%20value"
    assert event["requestContext"]["http"]["path"] == "/capture/space value"
    assert event["cookies"] == ["session=abc123", "theme=dark"]
    assert event["queryStringParameters"] == DECODED | {"repeat": "one,two"}
    assert event["headers"]["x-voker-probe"] == "first,second"
    tls = {"x-amzn-tls-version", "x-amzn-tls-cipher-suite"}
    assert event["headers"].keys() == COMMON | tls | {"content-length", "cookie"}


@pytest.mark.parametrize(
    ("path", "shown", "proxy"),
    [
        ("/proxy-value/", "/proxy-value/", "proxy-value"),
        ("/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash"),
        ("//proxy-value", "/proxy-value", "proxy-value"),
        ("/user/test%2Balias@x/test+alias@x", "/user/test%2Balias@x/test+alias@x", "user/test%2Balias@x/test+alias@x"),
        ("/", "/", None),
    ],
)
def test_a_rest_api_treats_slashes_as_localstack_recorded(path: str, shown: str, proxy: str | None) -> None:
    """`test_lambda_aws_proxy_integration`, with the stage in the client's URL."""
    event = rest_api.event(request(path))
    assert (event["path"], event["requestContext"]["path"]) == (shown, f"/prod{path}")
    assert event["pathParameters"] == (proxy and {"proxy": proxy})
