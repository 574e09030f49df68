"""API Gateway's REST API with a Lambda proxy integration (event version 1), regional, as in template.yaml.

Recorded by LocalStack in `apigateway/test_apigateway_lambda.snapshot.json` and by voker in `apigwv1-request.json`.
"""

from scripts.stack.gateways import messages
from scripts.stack.gateways.messages import TRACE, Answer, Event, Gateway, Headers, Request, Response, grouped

API, STAGE = "a1b2c3d4e5", "prod"
# LocalStack, `test_apigateway_header_remapping_aws`: what no function sees of a request, …
DROPPED = {
    *("connection", "content-length", "content-md5", "expect", "max-forwards", "proxy-authenticate", "server"),
    *("te", "trailer", "transfer-encoding", "upgrade", "www-authenticate"),
}
# … and which headers of an answer come out as `x-amzn-Remapped-…`.
REMAPPED = {
    *("authorization", "connection", "content-length", "content-md5", "date", "expect", "host", "max-forwards"),
    *("proxy-authenticate", "server", "trailer", "upgrade", "user-agent", "www-authenticate"),
}
_SPELLINGS = ("Authorization", "Host", "User-Agent", "X-Amzn-Trace-Id")
_SPELLINGS += ("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto")
SPELLED = {name.lower(): name for name in _SPELLINGS}
MEMBERS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


def _event(request: Request) -> Event:
    """A request to the API's own host, whose URL has the stage before `request.path`.

    Slashes between the two are folded in `path` and kept in the request context.
    """
    headers = grouped(_passed_on(request))
    query = grouped(request.parameters)
    # Encoded, and without its last slash. The template's routes are `/` and `/{proxy+}`.
    proxy = request.path.lstrip("/").removesuffix("/")
    resource = "/{proxy+}" if proxy else "/"
    return {
        "resource": resource,
        "path": "/" + request.path.lstrip("/"),
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": proxy} if proxy else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": API,
            "domainName": f"{API}.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": API,
            "httpMethod": request.method,
            "identity": {"sourceIp": request.address, "userAgent": request.headers.get("user-agent")},
            "path": f"/{STAGE}{request.path}",
            "protocol": "HTTP/1.1",
            "requestId": "gateway-request-id",
            "resourcePath": resource,
            "stage": STAGE,
        },
        "body": None,
        "isBase64Encoded": False,
    }


def _passed_on(request: Request) -> Headers:
    headers = [(name, value) for name, value in request.forwarded if name.lower() not in DROPPED]
    return [(SPELLED.get(name.lower(), name), value) for name, value in headers]


def _last(groups: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in groups.items()}


def _response(answer: Answer) -> Response:
    if not answer.keys() <= MEMBERS:
        raise TypeError(answer)
    added = [("x-amzn-RequestId", "gateway-request-id"), ("X-Amzn-Trace-Id", TRACE)]
    headers = [(_remapped(name), value) for name, value in _merged(answer)]
    return Response(answer["statusCode"], [*messages.with_type(headers), *added], messages.body(answer))


def _merged(answer: Answer) -> Headers:
    """The values of `multiValueHeaders` first, and under its spelling; what is in both comes once."""
    multi = answer.get("multiValueHeaders", {})
    merged = [(name, value) for name, values in multi.items() for value in values]
    for name, value in answer.get("headers", {}).items():
        spelled = next((other for other in multi if other.lower() == name.lower()), name)
        if (spelled, value) not in merged:
            merged.append((spelled, value))
    return merged


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name


rest_api = Gateway(_event, _response)
