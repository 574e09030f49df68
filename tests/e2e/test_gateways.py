"""The same function behind every kind of gateway that Lambda has, and the gateways as they were recorded on AWS.

LocalStack's snapshots are those of `tests/aws/services/` in <https://github.com/localstack/localstack>. voker's
captures are `vokerhttp/testdata/` in <https://github.com/hotsock/voker>.
"""

import json
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
@pytest.mark.parametrize("name", ["plain.bin", "a+b c%2Fd.bin", "Ünïcode 日本語.bin", "what?#.bin"])
def test_each_brings_the_key_and_the_bytes(
    functions: Functions, endpoint: str, store: Store, gateway: Gateway, name: str
) -> None:
    key = store.put(name, BODY)
    behind = functions.start(gateway=gateway).endpoint
    assert clients.boto_torrent(behind, OPEN, key) == clients.boto_torrent(endpoint, OPEN, key)


@ALL
def test_each_brings_query_and_headers(functions: Functions, store: Store, folder: Path, gateway: Gateway) -> None:
    behind = functions.start(gateway=gateway).endpoint
    key = store.key("file")
    old, _ = (store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"] for body in (BODY, b"new"))
    url = clients.torrent_url(behind, VERSIONED, key, f"torrent&versionId={old}")
    answer = clients.curl(url, folder)
    assert metainfo.read(answer.body).length == len(BODY)
    etag = answer.headers["etag"]
    unchanged = clients.curl(url, folder, "--header", f"If-None-Match: {etag}")
    preflight = clients.curl(url, folder, "--request", "OPTIONS")
    refused = clients.curl(url, folder, "--request", "DELETE")
    types = [(one.status, one.headers["content-type"]) for one in (answer, unchanged, preflight, refused)]
    torrent = "application/x-bittorrent"
    assert types == [(200, torrent), (304, torrent), (204, "text/plain"), (405, "application/xml")]


@ALL
def test_a_slash_at_the_start_of_a_key_is_kept(
    functions: Functions, store: Store, folder: Path, gateway: Gateway
) -> None:
    behind = functions.start(gateway=gateway, VIRTUAL_HOST_DOMAIN="t.example").endpoint
    # What SeaweedFS has at the key that begins with a slash.
    key = store.put("file", BODY)
    answer = clients.curl(f"{behind}//{key}?torrent", folder, "--header", f"Host: {OPEN}.t.example")
    assert metainfo.read(answer.body).web_seeds[0].endswith(f"/{OPEN}//{key}")


@ALL
def test_each_brings_errors(functions: Functions, folder: Path, gateway: Gateway) -> None:
    behind = functions.start(gateway=gateway).endpoint
    answer = clients.curl(clients.torrent_url(behind, OPEN, "missing é"), folder)
    assert answer.status == 404
    assert f"<Resource>/{OPEN}/missing é</Resource>".encode() in answer.body


def request(target: str, *headers: tuple[str, str], method: str = "GET") -> Request:
    message = Message()
    for name, value in headers:
        message.add_header(name, value)
    return Request(method, target, message, "192.0.2.1")


# What voker sent to all four.
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
COOKIES = ["session=abc123", "theme=dark"]
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
    assert event["requestContext"]["identity"]["userAgent"] == "curl/8.7.1"


def test_an_http_api_sends_what_voker_captured() -> None:
    event = GATEWAYS["http-api"].event(VOKER)
    # voker's API had the stage `$default`.
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/prod/capture/space value"
    assert (event["rawQueryString"], event["cookies"]) == (VOKER.query, COOKIES)
    assert event["queryStringParameters"] == DECODED | {"repeat": "one,two"}
    assert event["headers"].keys() == COMMON | {"content-length"}
    assert event["headers"]["x-voker-probe"] == "first,second"


def test_a_function_url_sends_what_voker_captured() -> None:
    event = function_url.event(VOKER)
    context = event["requestContext"]
    assert (event["rawPath"], context["http"]["path"]) == ("/capture/space%20value", "/capture/space value")
    assert (context["accountId"], context["stage"]) == ("anonymous", "$default")
    assert event["cookies"] == COOKIES
    assert event["queryStringParameters"] == DECODED | {"repeat": "one,two"}
    tls = {"x-amzn-tls-version", "x-amzn-tls-cipher-suite"}
    assert event["headers"].keys() == COMMON | tls | {"content-length", "cookie"}
    assert function_url.event(request("/")).keys() & {"queryStringParameters", "cookies"} == set()


def test_a_load_balancer_sends_what_voker_captured() -> None:
    event = GATEWAYS["load-balancer"].event(VOKER)
    assert event["path"] == "/capture/space%20value"
    query = event["multiValueQueryStringParameters"]
    assert query["redirect"] == ["https%3A%2F%2Fexample.com%2Fa%2Fb"]
    assert (query["literalPlus"], query["encodedPlus"]) == (["a+b"], ["a%2Bb"])
    assert event["multiValueHeaders"].keys() == COMMON | {"content-length", "cookie"}
    assert event["multiValueHeaders"]["x-voker-probe"] == ["first", "second"]


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
    assert event["resource"] == event["requestContext"]["resourcePath"] == ("/{proxy+}" if proxy else "/")
    assert event["queryStringParameters"] is event["multiValueQueryStringParameters"] is None


def test_a_rest_api_passes_on_the_headers_that_localstack_recorded() -> None:
    """`test_apigateway_header_remapping_aws`, and the spelling of `test_lambda_aws_proxy_integration`."""
    dropped = ["Connection", "Content-MD5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "TE", "Trailer"]
    kept = {"tEsT-HEADeR", "Age", "Date", "Range", "Referer", "Via"}
    names = [*dropped, "Transfer-Encoding", "Upgrade", "WWW-Authenticate", *kept, "aUThorization", "user-agent"]
    headers = rest_api.event(request("/", *[(name, "x") for name in names]))["headers"]
    assert {name for name in headers if not name.startswith("X-")} == kept | {"Authorization", "User-Agent"}


@pytest.mark.parametrize(
    ("answer", "status", "headers"),
    [
        ({"statusCode": 200}, 200, [("Content-Type", "application/json")]),
        ({}, 200, [("Content-Type", "application/json")]),
        ({"statusCode": 204, "headers": None, "body": None}, 204, [("Content-Type", "application/json")]),
        ({"statusCode": "201", "headers": {"content-type": "text/plain"}}, 201, [("content-type", "text/plain")]),
        ({"headers": {"header-bool": True}}, 200, [("header-bool", "true")]),
        ({"multiValueHeaders": {"test-multi": ["value1", "value2"]}}, 200, [("test-multi", "value1, value2")]),
        (
            {"multiValueHeaders": {"tesT-Multi": ["value-multi"]}, "headers": {"test-multi": "value-solo"}},
            200,
            [("tesT-Multi", "value-multi, value-solo")],
        ),
        # AWS's documentation: what is in both comes once. And what a function does not decide.
        ({"multiValueHeaders": {"A": ["1"]}, "headers": {"a": "1"}}, 200, [("A", "1")]),
        ({"headers": {"Content-Length": "7"}}, 200, [("x-amzn-Remapped-Content-Length", "7")]),
        ({"statusCode": 200, "wrongValue": "value"}, 502, []),
        ({"statusCode": "test"}, 502, []),
        ({"multiValueHeaders": {"test-multi-invalid": "value1"}}, 502, []),
        ("justAString", 502, []),
        ({"body": {"a": 1}}, 502, []),
        ({"body": "no base64", "isBase64Encoded": True}, 502, []),
    ],
)
def test_a_rest_api_takes_the_answers_that_localstack_recorded(
    answer: object, status: int, headers: list[tuple[str, str]]
) -> None:
    """`test_aws_proxy_response_payload_format_validation` and `test_lambda_aws_proxy_response_format`."""
    response = rest_api.response(json.dumps(answer).encode())
    joined: dict[str, str] = {}
    for name, value in response.headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    assert response.status == status
    assert joined.items() >= dict(headers).items()
    assert sum(name.lower() == "content-type" for name in joined) == 1


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (["hello", 3, True], 200, b'["hello",3,true]'),
        ("hello", 200, b"hello"),
        (True, 200, b"true"),
        ({"statusCode": "418", "body": "i'm a teapot"}, 418, b"i'm a teapot"),
        ({"statusCode": 200, "body": "body123"}, 200, b"body123"),
    ],
)
def test_a_function_url_takes_the_answers_that_localstack_recorded(answer: object, status: int, body: bytes) -> None:
    """`test_lambda_url_invocation` and `test_lambda_url_headers_and_status`."""
    response = function_url.response(json.dumps(answer).encode())
    assert (response.status, response.body) == (status, body)
    assert ("Content-Type", "application/json") in response.headers
