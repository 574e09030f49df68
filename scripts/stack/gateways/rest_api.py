"""API Gateway's REST API with a Lambda proxy integration (event version 1), regional, as in template.yaml.

Recorded by LocalStack in `apigateway/test_apigateway_lambda.snapshot.json` and by voker in `apigwv1-request.json`.
"""

from scripts.stack.gateways.messages import (
    ACCOUNT,
    TRACE,
    Answer,
    Event,
    Gateway,
    Headers,
    MalformedError,
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
SPELLED = {name.lower(): name for name in ("Authorization", "Host", "User-Agent")}
MEMBERS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
# Null unless the caller has signed.
IDENTITY = dict.fromkeys(
    (
        *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
        *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
    )
)


def _event(request: Request) -> Event:
    """A request to the API's own host, whose URL has the stage before `request.path`.

    Slashes between the two are folded in `path` and kept in the request context.
    """
    folded = "/" + request.path.lstrip("/")
    return _version_1(request, folded, f"/{STAGE}{request.path}", f"{API}.execute-api.us-east-1.amazonaws.com")


def _event_below_base_path(request: Request) -> Event:
    """A request below a base path of a custom domain, whose mapping names no stage: both are left in the path.

    Nobody has recorded slashes here. <https://github.com/localstack/localstack/pull/12296> tells the shapes.
    """
    path = f"/v1/{STAGE}{request.path}"
    return _version_1(request, path, path, "torrents.example.org")


def _version_1(request: Request, path: str, whole: str, domain: str) -> Event:
    headers = grouped(_passed_on(request))
    query = grouped(request.parameters)
    # Encoded, and without its last slash. The template's routes are `/` and `/{proxy+}`.
    proxy = request.path.lstrip("/").removesuffix("/")
    resource = "/{proxy+}" if proxy else "/"
    return {
        "resource": resource,
        "path": path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": proxy} if proxy else None,
        "stageVariables": None,
        "requestContext": _context(request, resource, whole, domain),
        "body": None,
        "isBase64Encoded": False,
    }


def _context(request: Request, resource: str, path: str, domain: str) -> Event:
    time, milliseconds = now()
    return {
        "accountId": ACCOUNT,
        "apiId": API,
        "deploymentId": "dep123",
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "extendedRequestId": "JKJaXmPLvHcESHA=",
        "httpMethod": request.method,
        "identity": {**IDENTITY, "sourceIp": request.address, "userAgent": request.headers.get("user-agent")},
        "path": path,
        "protocol": "HTTP/1.1",
        "requestId": "gateway-request-id",
        "requestTime": time,
        "requestTimeEpoch": milliseconds,
        "resourceId": "root12" if resource == "/" else "proxy1",
        "resourcePath": resource,
        "stage": STAGE,
    }


def _passed_on(request: Request) -> Headers:
    headers = request.forwarded("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Amzn-Trace-Id")
    return [(SPELLED.get(name.lower(), name), value) for name, value in headers if name.lower() not in DROPPED]


def _last(groups: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in groups.items()}


def _response(answer: Answer) -> Response:
    if not isinstance(answer, dict) or not answer.keys() <= MEMBERS:
        raise MalformedError(answer)
    added = [("x-amzn-RequestId", "gateway-request-id"), ("x-amz-apigw-id", "JKJaXmPLvHcESHA=")]
    headers = [(_remapped(name), value) for name, value in _merged(answer)]
    return Response(status(answer), [*with_type(headers), *added, ("X-Amzn-Trace-Id", TRACE)], body(answer))


def _merged(answer: Answer) -> Headers:
    """The values of `multiValueHeaders` first, and under its spelling; what is in both comes once."""
    multi = member(answer, "multiValueHeaders", dict, {})
    merged = [(name, text(value)) for name in multi for value in member(multi, name, list, [])]
    for name, value in member(answer, "headers", dict, {}).items():
        spelled = next((other for other in multi if other.lower() == name.lower()), name)
        if (spelled, text(value)) not in merged:
            merged.append((spelled, text(value)))
    return merged


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name


rest_api = Gateway(_event, _response)
custom_domain = Gateway(_event_below_base_path, _response)
