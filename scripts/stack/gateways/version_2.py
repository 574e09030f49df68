"""What sends events of version 2: an HTTP API, and a Function URL.

Recorded by voker in `apigwv2-request.json` and `functionurl-request.json`, and by LocalStack in
`lambda_/test_lambda.snapshot.json`.
"""

import json
from urllib.parse import unquote

from scripts.stack.gateways.messages import (
    ACCOUNT,
    Answer,
    Event,
    Gateway,
    Headers,
    Request,
    Response,
    body,
    grouped,
    member,
    now,
    status,
    text,
    with_type,
)

API = "a1b2c3d4e5"
STAGE = "prod"
URL_ID = "abcdefghijklmnopqrstuvwxyz012345"
REFUSED = Response(400, [("content-type", "application/json")], b'{"Message":"Bad Request"}')


def _event_of_http_api(request: Request) -> Event:
    """The path is decoded, behind the stage. The header `cookie` becomes the member `cookies`."""
    path = unquote(f"/{STAGE}{request.path}")
    headers = [(name, value) for name, value in _headers(request) if name != "cookie"]
    domain = f"{API}.execute-api.us-east-1.amazonaws.com"
    return _version_2(request, headers, path, path, {"accountId": ACCOUNT, "domainName": domain, "stage": STAGE})


def _event_of_function_url(request: Request) -> Event | Response:
    """The path is encoded, and once more decoded. AWS's docs say that a raw `/` or `$` in the query is refused. Users
    report that a raw `+` arrives as a space, which is worse than voker's capture, where it stays.
    """
    if set(request.query) & set("/$"):
        return REFUSED
    headers = [
        *_headers(request),
        ("x-amzn-tls-version", "TLSv1.3"),
        ("x-amzn-tls-cipher-suite", "TLS_AES_128_GCM_SHA256"),
    ]
    domain = f"{URL_ID}.lambda-url.us-east-1.on.aws"
    context = {"accountId": "anonymous", "domainName": domain, "stage": "$default"}
    event = _version_2(request, headers, request.path, unquote(request.path), context)
    return {**event, "rawQueryString": request.query.replace("+", " ")}


def _version_2(request: Request, headers: Headers, raw_path: str, path: str, context: Event) -> Event:
    time, milliseconds = now()
    prefix = context["domainName"].partition(".")[0]
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": request.query,
        "headers": _joined(headers),
        "requestContext": {
            **context,
            "apiId": prefix,
            "domainPrefix": prefix,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.address,
                "userAgent": request.headers.get("user-agent"),
            },
            "requestId": "gateway-request-id",
            "routeKey": "$default",
            "time": time,
            "timeEpoch": milliseconds,
        },
        "isBase64Encoded": False,
    }
    if cookies := request.headers.get_all("cookie"):
        event["cookies"] = [cookie for line in cookies for cookie in line.split("; ")]
    if request.query:
        event["queryStringParameters"] = _joined(request.parameters)
    return event


def _headers(request: Request) -> Headers:
    names = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    return [(name.lower(), value) for name, value in request.forwarded(*names)]


def _joined(pairs: Headers) -> dict[str, str]:
    return {name: ",".join(values) for name, values in grouped(pairs).items()}


def _response(answer: Answer) -> Response:
    """What is no answer with a status is itself the body."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        content = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))
        return Response(200, with_type([]), content.encode())
    headers = [(name, text(value)) for name, value in member(answer, "headers", dict, {}).items()]
    cookies = [("set-cookie", text(value)) for value in member(answer, "cookies", list, [])]
    return Response(status(answer), with_type(headers) + cookies, body(answer))


http_api = Gateway(_event_of_http_api, _response)
function_url = Gateway(_event_of_function_url, _response)
