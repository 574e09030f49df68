"""An Application Load Balancer whose target group has multi-value headers, recorded by voker in `alb-request.json`.

events/alb.json is what it sends without them.
"""

from scripts.stack.gateways.messages import (
    ACCOUNT,
    Answer,
    Event,
    Gateway,
    MalformedError,
    Request,
    Response,
    body,
    grouped,
    member,
    status,
    text,
)


def _event(request: Request) -> Event:
    """Path and query are encoded."""
    pairs = [part.partition("=") for part in request.query.split("&") if part]
    names = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    target_group = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/x/1"
    return {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": request.method,
        "path": request.path,
        "multiValueQueryStringParameters": grouped((name, value) for name, _, value in pairs),
        "multiValueHeaders": grouped((name.lower(), value) for name, value in request.forwarded(*names)),
        "body": "",
        "isBase64Encoded": False,
    }


def _response(answer: Answer) -> Response:
    if not isinstance(answer, dict):
        raise MalformedError(answer)
    headers = member(answer, "multiValueHeaders", dict, {})
    pairs = [(name, text(value)) for name in headers for value in member(headers, name, list, [])]
    return Response(status(answer), pairs, body(answer))


load_balancer = Gateway(_event, _response)
