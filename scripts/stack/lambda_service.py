"""A stand-in for the Lambda service: the runtime API to a function, HTTP to its clients, both on 127.0.0.1.

`cargo lambda watch` is one, too, and what `make run` uses. But it answers the function before it has read what
the function sent, so that about one response in a thousand is lost (`respond_to_next_invocation` of 1.9.2): too
many for a test suite.
"""

import contextlib

from scripts.stack.gateways import FAILED, Gateway, Request, Response
from scripts.stack.runtime_api import Handler, RuntimeApi, serve

# The timeout of the function in template.yaml.
LAMBDA_SECONDS = 30


class LambdaService:
    """Serves one function behind one kind of gateway, until `owner` closes."""

    def __init__(
        self,
        owner: contextlib.ExitStack,
        gateway: Gateway,
        timeout_seconds: float = LAMBDA_SECONDS,
        *,
        dual_stack: bool = False,
    ) -> None:
        """With `dual_stack`, it is at `::1`, too, on the same port."""
        self._gateway = gateway
        self.runtime_api = RuntimeApi(owner, timeout_seconds)
        handler = type(_Client.__name__, (_Client,), {"service": self})
        address = serve(owner, handler)
        self.endpoint = f"http://{address}"
        if dual_stack:
            serve(owner, handler, "::1", int(address.partition(":")[2]))

    def invoke(self, request: Request) -> Response:
        """The function's answer to an HTTP request."""
        event = self._gateway.event(request)
        if isinstance(event, Response):
            return event
        outcome = self.runtime_api.run(event)
        return FAILED if outcome is None or outcome.failed else self._gateway.response(outcome.body)


class _Client(Handler):
    """Any request of a client's."""

    service: LambdaService

    def _invoke(self) -> None:
        # A body has no place in any request that is served; it is read so that the connection stays usable.
        self.read_body()
        # The line that http.server read, not the path that it has tidied up.
        target = self.requestline.split(" ")[1]
        self.send(self.service.invoke(Request(self.command, target, self.headers, self.client_address[0])))

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_DELETE = do_PATCH = _invoke
