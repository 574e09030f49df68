"""An Application Load Balancer whose target group has multi-value headers, recorded by voker in `alb-request.json`.

events/alb.json is what it sends without them.
"""

from scripts.stack.gateways import messages
from scripts.stack.gateways.messages import ACCOUNT, Answer, Event, Gateway, Request, Response, grouped, member


def _event(request: Request) -> Event:
    """Path and query are encoded."""
    pairs = [part.partition("=") for part in request.query.split("&") if part]
    target_group = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/x/1"
    return {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": request.method,
        "path": request.path,
        "multiValueQueryStringParameters": grouped((name, value) for name, _, value in pairs),
        "multiValueHeaders": grouped((name.lower(), value) for name, value in request.forwarded),
        "body": "",
        "isBase64Encoded": False,
    }


def _response(answer: Answer) -> Response:
    headers = messages.pairs(member(answer, "multiValueHeaders", dict, {}))
    return Response(messages.status(answer), headers, messages.body(answer))


load_balancer = Gateway(_event, _response)
