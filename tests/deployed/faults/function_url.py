"""Faults of ministack's Function URLs."""

from contextvars import ContextVar

from ministack import app
from ministack.services import lambda_svc

from faults.seams import replace

_SCOPE: ContextVar[dict] = ContextVar("scope")


def make_good() -> None:
    """All of this module."""
    paths_and_queries_stay_as_they_came()


def paths_and_queries_stay_as_they_came() -> None:
    """The raw path is decoded, and the raw query is made anew from decoded text, which spoils an info hash."""
    serve, build = app.app, lambda_svc._build_function_url_event

    async def remember(scope: dict, receive: object, send: object) -> None:
        _SCOPE.set(scope)
        await serve(scope, receive, send)

    def build_function_url_event(url_id: str, *request: object, **more: object) -> dict:
        event = build(url_id, *request, **more)
        scope = _SCOPE.get()
        event["rawPath"] = scope["raw_path"].decode("latin-1").removeprefix(f"/_aws/lambda-url/{url_id}")
        event["rawQueryString"] = scope["query_string"].decode("latin-1")
        return event

    replace(serve, remember)
    replace(build, build_function_url_event)
