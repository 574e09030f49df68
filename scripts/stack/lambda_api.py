"""A stand-in for Lambda's own API, by which Step Functions invokes functions: each in processes of its own.

`cargo lambda watch` is one, too; lambda_service.py says what speaks against it. This one can also fail as Lambda does.
Invoke: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
"""

import contextlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from scripts.stack import function, temporary
from scripts.stack.gateways import Event, Response
from scripts.stack.runtime_api import Handler, Outcome, RuntimeApi, serve

ARN_PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"
# `POST /2015-03-31/functions/ARN/invocations`
INVOKE = ("2015-03-31", "functions", "invocations")
JSON = ("content-type", "application/json")
# Longer than any task of a test takes.
TIMEOUT_SECONDS = 300.0

Before = Callable[[Event], Response | None]


class LambdaApi:
    """Functions by ARN, until `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        self.functions: dict[str, LambdaFunction] = {}
        handler = type(_Caller.__name__, (_Caller,), {"api": self})
        self.endpoint = f"http://{serve(owner, handler)}"


class LambdaFunction:
    """One function: `processes` of `binary`, which Lambda calls environments."""

    def __init__(
        self,
        owner: contextlib.ExitStack,
        api: LambdaApi,
        name: str,
        binary: Path,
        env: Mapping[str, str],
        processes: int,
    ) -> None:
        self.arn = ARN_PREFIX + name
        # Asked before each invocation: an answer in place of the function's, or `None`. It may take its time.
        self.before: Before = lambda event: None
        # The events of all invocations so far, those that `before` has answered too.
        self.events: list[Event] = []
        self.log = temporary.folder(owner, "function") / "log"
        self._runtime_api = RuntimeApi(owner, TIMEOUT_SECONDS)
        for _ in range(processes):
            function.start(owner, name, binary, env, self._runtime_api.address, self.log)
        api.functions[self.arn] = self

    def invoke(self, event: Event) -> Response:
        """Lambda's answer, which is a 200 where the function failed, too."""
        self.events.append(event)
        return self.before(event) or _answer(self._runtime_api.run(event))


def throttled(_event: Event) -> Response:
    """As many run as may: Lambda has not invoked the function."""
    headers = [JSON, ("x-amzn-errortype", "TooManyRequestsException")]
    return Response(429, headers, b'{"Type": "User", "message": "Rate Exceeded."}')


def crashed(_event: Event) -> Response:
    """The process has ended in the middle of its work."""
    return _answer(_told("Runtime.ExitError", "RequestId: 0 Error: Runtime exited with error: signal: killed"))


def _answer(outcome: Outcome | None) -> Response:
    outcome = outcome or _told("Sandbox.Timedout", f"Error: Task timed out after {TIMEOUT_SECONDS:.2f} seconds")
    failed = [("x-amz-function-error", "Unhandled")] if outcome.failed else []
    return Response(200, [JSON, ("x-amz-executed-version", "$LATEST"), *failed], outcome.body)


def _told(name: str, message: str) -> Outcome:
    return Outcome(json.dumps({"errorType": name, "errorMessage": message}).encode(), failed=True)


class _Caller(Handler):
    """Whoever invokes functions."""

    api: LambdaApi

    def do_POST(self) -> None:
        """Invoke, with the ARN of the function."""
        body = self.read_body()
        _, version, functions, arn, invocations = self.path.split("/")
        assert (version, functions, invocations) == INVOKE, self.path
        answer = self.api.functions[unquote(arn)].invoke(json.loads(body))
        self.send(replace(answer, headers=[*answer.headers, ("x-amzn-requestid", str(uuid.uuid4()))]))
