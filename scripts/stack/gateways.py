"""What stands before a Lambda function: HTTP requests as events, and the function's answers as HTTP.

The kinds differ in what they do to a path and in how they write headers and queries:
<https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html>,
<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>,
<https://docs.aws.amazon.com/lambda/latest/dg/services-alb.html>.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, unquote

Event = dict[str, Any]

ACCOUNT = "123456789012"
API = "a1b2c3d4e5"


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


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def rest_api(request: Request) -> Event:
    """API Gateway's REST API (event version 1), as in template.yaml: the path encoded and without the stage."""
    headers = _grouped(request.headers.items())
    query = _grouped(parse_qsl(request.query, keep_blank_values=True))
    return {
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": request.path[1:]},
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": f"{API}.execute-api.us-east-1.amazonaws.com",
            "httpMethod": request.method,
            "identity": {"sourceIp": "127.0.0.1"},
            "path": f"/prod{request.path}",
            "requestId": "gateway-request-id",
            "resourceId": "abc123",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        "body": None,
        "isBase64Encoded": False,
    }


def custom_domain(request: Request) -> Event:
    """The REST API below a base path of a custom domain, whose mapping names no stage: both are left in the path."""
    event = rest_api(request)
    path = f"/v1/prod{request.path}"
    context = {**event["requestContext"], "domainName": "torrents.example.org", "path": path}
    return {
        **event,
        "path": path,
        "pathParameters": {"proxy": unquote(request.path[1:])},
        "requestContext": context,
    }


def http_api(request: Request) -> Event:
    """API Gateway's HTTP API (version 2): the path decoded, behind the stage."""
    return _version_2(request, f"{API}.execute-api.us-east-1.amazonaws.com", "prod", unquote(f"/prod{request.path}"))


def function_url(request: Request) -> Event:
    """A Lambda Function URL (version 2): the path encoded."""
    return _version_2(request, "abcdefghijkl.lambda-url.us-east-1.on.aws", "$default", request.path)


def load_balancer(request: Request) -> Event:
    """An Application Load Balancer: path and query encoded."""
    query = [part.partition("=") for part in request.query.split("&") if part]
    return {
        "requestContext": {
            "elb": {"targetGroupArn": f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/x/1"}
        },
        "httpMethod": request.method,
        "path": request.path,
        "queryStringParameters": {name: value for name, _, value in query},
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": "",
        "isBase64Encoded": False,
    }


Gateway = Callable[[Request], Event]
GATEWAYS: dict[str, Gateway] = {
    "rest-api": rest_api,
    "custom-domain": custom_domain,
    "http-api": http_api,
    "function-url": function_url,
    "load-balancer": load_balancer,
}


def response(answer: bytes) -> Response:
    """The HTTP response of a function's answer, in the form that all kinds share."""
    parsed = json.loads(answer)
    headers = dict(_singles(parsed.get("headers"))) | _joined(parsed.get("multiValueHeaders"))
    body = (parsed.get("body") or "").encode()
    if parsed.get("isBase64Encoded"):
        body = base64.b64decode(body)
    return Response(parsed["statusCode"], list(headers.items()), body)


def _version_2(request: Request, domain: str, stage: str, path: str) -> Event:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "queryStringParameters": dict(parse_qsl(request.query, keep_blank_values=True)),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": domain,
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": request.address},
            "requestId": "gateway-request-id",
            "routeKey": "$default",
            "stage": stage,
        },
        "isBase64Encoded": False,
    }


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _last(grouped: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in grouped.items()}


def _singles(headers: dict[str, str] | None) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in (headers or {}).items()]


def _joined(headers: dict[str, list[str]] | None) -> dict[str, str]:
    return {name.lower(): ", ".join(values) for name, values in (headers or {}).items()}
