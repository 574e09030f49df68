"""A stand-in for Lambda's own API, by which Step Functions invokes functions: each in processes of its own.

`cargo lambda watch` is one, too; lambda_service.py says what speaks against it. This one can also fail as Lambda
does, and ends a process in the middle of its work when a test wants it.
Invoke: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
"""

import contextlib
import json
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from scripts.stack import function, temporary
from scripts.stack.descendants import cpu_seconds, send
from scripts.stack.gateways import Event, Response
from scripts.stack.processes import POLL_SECONDS
from scripts.stack.runtime_api import Handler, Invocation, Invocations, Outcome, RuntimeApi, serve

ARN_PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"
# `POST /2015-03-31/functions/NAME/invocations`
INVOKE = ("2015-03-31", "functions", "invocations")
JSON = ("content-type", "application/json")
# Longer than any task of a test takes.
TIMEOUT_SECONDS = 300.0

Before = Callable[[Event], Response | None]


class LambdaApi:
    """Functions by name, until `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        self.functions: dict[str, LambdaFunction] = {}
        handler = type(_Caller.__name__, (_Caller,), {"api": self})
        self.endpoint = f"http://{serve(owner, handler)}"

    def invoke(self, name: str, event: Event) -> Response:
        """The answer to a synchronous invocation."""
        found = self.functions.get(name)
        return found.invoke(event) if found else error(404, "ResourceNotFoundException", f"Function not found: {name}")


class LambdaFunction:
    """One function: `processes` of `binary`, each with a runtime API of its own."""

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
        self._invocations = Invocations(TIMEOUT_SECONDS)
        self._start = lambda runtime: function.start(owner, name, binary, env, runtime.address, self.log)
        runtimes = [RuntimeApi(owner, self._invocations) for _ in range(processes)]
        # Lambda calls each of these an environment.
        self._processes = {runtime: self._start(runtime) for runtime in runtimes}
        api.functions[name] = self

    def invoke(self, event: Event) -> Response:
        """Lambda's answer, which is a 200 where the function failed, too."""
        self.events.append(event)
        return self.before(event) or _answer(self._invocations.run(event))

    def kill_at_work(self, busy_seconds: float, deadline_seconds: float) -> Event:
        """Kills a process that has worked at one event for so long, by the processor's clock; returns the event.

        Lambda tells the caller, and starts another process for the next event.
        """
        # The event that each process works at, and the processor's time that it had used before.
        begun: dict[RuntimeApi, tuple[Invocation | None, float]] = {}
        deadline = time.monotonic() + deadline_seconds
        while time.monotonic() < deadline:
            for runtime, process in self._processes.items():
                running, used = runtime.running, cpu_seconds(process.pid)
                if running is None or running is not begun.get(runtime, (None, 0.0))[0]:
                    begun[runtime] = running, used
                elif used - begun[runtime][1] >= busy_seconds and self._kill(runtime, running):
                    return running.event
            time.sleep(POLL_SECONDS / 10)
        raise AssertionError(f"no process worked for {busy_seconds} s at one event")

    def _kill(self, runtime: RuntimeApi, running: Invocation) -> bool:
        """Whether it was still at work."""
        with runtime.lock:
            if runtime.running is not running:
                return False
            runtime.running = None
            send(self._processes[runtime].pid, signal.SIGKILL)
        self._processes[runtime].stop()
        running.outcome.put(_exited(running.id))
        self._processes[runtime] = self._start(runtime)
        return True


def error(status: int, name: str, message: str) -> Response:
    """Lambda has not invoked the function."""
    headers = [JSON, ("x-amzn-errortype", name)]
    return Response(status, headers, json.dumps({"Type": "User", "message": message}).encode())


def throttled(_event: Event) -> Response:
    """As many run as may."""
    return error(429, "TooManyRequestsException", "Rate Exceeded.")


def crashed(_event: Event) -> Response:
    """The process has ended in the middle of its work."""
    return _answer(_exited("0"))


def _exited(request_id: str) -> Outcome:
    """What Lambda says in place of a process that has ended."""
    return _told("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: signal: killed")


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
        """Invoke, with the name of the function."""
        body = self.read_body()
        _, version, functions, name, invocations = self.path.split("/")
        assert (version, functions, invocations) == INVOKE, self.path
        answer = self.api.invoke(unquote(name), json.loads(body))
        self.send(replace(answer, headers=[*answer.headers, ("x-amzn-requestid", str(uuid.uuid4()))]))
