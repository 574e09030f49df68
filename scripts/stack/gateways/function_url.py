"""A Function URL, which sends events of version 2.

Recorded by voker in `functionurl-request.json`, and by LocalStack in `lambda_/test_lambda.snapshot.json`.
"""

from urllib.parse import unquote

from scripts.stack.gateways import messages
from scripts.stack.gateways.messages import Answer, Event, Gateway, Headers, Request, Response, grouped

DOMAIN = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
REFUSED = Response(400, [("content-type", "application/json")], b'{"Message":"Bad Request"}')


def _event(request: Request) -> Event | Response:
    """The path is encoded, and once more decoded. AWS's docs say that a raw `/` or `$` in the query is refused. Users
    report that a raw `+` arrives as a space, which is worse than voker's capture, where it stays.
    """
    if set(request.query) & set("/$"):
        return REFUSED
    tls = [("x-amzn-tls-version", "TLSv1.3"), ("x-amzn-tls-cipher-suite", "TLS_AES_128_GCM_SHA256")]
    headers = [(name.lower(), value) for name, value in request.forwarded]
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query.replace("+", " "),
        "headers": _joined([*headers, *tls]),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": DOMAIN.partition(".")[0],
            "domainName": DOMAIN,
            "domainPrefix": DOMAIN.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(request.path),
                "protocol": "HTTP/1.1",
                "sourceIp": request.address,
                "userAgent": request.headers.get("user-agent"),
            },
            "requestId": "gateway-request-id",
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if cookies := request.headers.get_all("cookie"):
        event["cookies"] = [cookie for line in cookies for cookie in line.split("; ")]
    if request.query:
        event["queryStringParameters"] = _joined(request.parameters)
    return event


def _joined(pairs: Headers) -> dict[str, str]:
    return {name: ",".join(values) for name, values in grouped(pairs).items()}


def _response(answer: Answer) -> Response:
    headers = messages.with_type(list(answer.get("headers", {}).items()))
    return Response(answer["statusCode"], headers, messages.body(answer))


function_url = Gateway(_event, _response)
