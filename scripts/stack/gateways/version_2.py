"""What sends events of version 2: an HTTP API, and a Function URL.

Recorded by voker in `apigwv2-request.json` and `functionurl-request.json`, and by LocalStack in
`lambda_/test_lambda.snapshot.json`.
"""

import json
from urllib.parse import unquote

from scripts.stack.gateways import messages
from scripts.stack.gateways.messages import (
    ACCOUNT,
    API_DOMAIN,
    STAGE,
    Answer,
    Event,
    Gateway,
    Headers,
    Request,
    Response,
    grouped,
    member,
    text,
)

URL_DOMAIN = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
REFUSED = Response(400, [("content-type", "application/json")], b'{"Message":"Bad Request"}')


def _event_of_http_api(request: Request) -> Event:
    """The path is decoded, behind the stage. The header `cookie` becomes the member `cookies`."""
    path = unquote(f"/{STAGE}{request.path}")
    headers = [(name, value) for name, value in _headers(request) if name != "cookie"]
    return _version_2(request, headers, path, path, {"accountId": ACCOUNT, "domainName": API_DOMAIN, "stage": STAGE})


def _event_of_function_url(request: Request) -> Event | Response:
    """The path is encoded, and once more decoded. AWS's docs say that a raw `/` or `$` in the query is refused. Users
    report that a raw `+` arrives as a space, which is worse than voker's capture, where it stays.
    """
    if set(request.query) & set("/$"):
        return REFUSED
    tls = [("x-amzn-tls-version", "TLSv1.3"), ("x-amzn-tls-cipher-suite", "TLS_AES_128_GCM_SHA256")]
    headers = [*_headers(request), *tls]
    context = {"accountId": "anonymous", "domainName": URL_DOMAIN, "stage": "$default"}
    event = _version_2(request, headers, request.path, unquote(request.path), context)
    return {**event, "rawQueryString": request.query.replace("+", " ")}


def _version_2(request: Request, headers: Headers, raw_path: str, path: str, context: Event) -> Event:
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
        },
        "isBase64Encoded": False,
    }
    if cookies := request.headers.get_all("cookie"):
        event["cookies"] = [cookie for line in cookies for cookie in line.split("; ")]
    if request.query:
        event["queryStringParameters"] = _joined(request.parameters)
    return event


def _headers(request: Request) -> Headers:
    return [(name.lower(), value) for name, value in request.forwarded]


def _joined(pairs: Headers) -> dict[str, str]:
    return {name: ",".join(values) for name, values in grouped(pairs).items()}


def _response(answer: Answer) -> Response:
    """What is no answer with a status is itself the body."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        content = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))
        return Response(200, messages.with_type([]), content.encode())
    headers = [(name, text(value)) for name, value in member(answer, "headers", dict, {}).items()]
    cookies = [("set-cookie", text(value)) for value in member(answer, "cookies", list, [])]
    return Response(messages.status(answer), messages.with_type(headers) + cookies, messages.body(answer))


http_api = Gateway(_event_of_http_api, _response)
function_url = Gateway(_event_of_function_url, _response)
