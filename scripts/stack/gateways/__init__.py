"""What stands before a Lambda function: HTTP requests as events, and the function's answers as HTTP.

Each does what was recorded on AWS, as far as there are recordings. They are named where they are used:

* LocalStack: snapshots of AWS in <https://github.com/localstack/localstack>, `tests/aws/services/`.
* voker: one request captured by each kind, in <https://github.com/hotsock/voker>, `vokerhttp/testdata/`.

The rest is as AWS's documentation has it: <https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html>,
<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>. The events of an HTTP API and of a load balancer
are in events/ and tests/it.
"""

from scripts.stack.gateways.function_url import function_url
from scripts.stack.gateways.messages import FAILED, Event, Gateway, Request, Response
from scripts.stack.gateways.rest_api import rest_api

__all__ = ["FAILED", "GATEWAYS", "Event", "Gateway", "Request", "Response", "function_url", "rest_api"]

GATEWAYS: dict[str, Gateway] = {"rest-api": rest_api, "function-url": function_url}
