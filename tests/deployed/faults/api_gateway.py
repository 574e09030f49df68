"""Faults of ministack's REST APIs."""

from ministack import app
from ministack.services import apigateway_v1 as rest

from faults import instead_of

rest._OPENAPI_HTTP_METHODS.add("any")


@instead_of(rest._import_rest_api)
def import_rest_api(import_api, spec: dict, base: dict | None = None) -> str:
    """Gateway responses are dropped, and `*~1*` is not read as `*/*`."""
    media_types = [kind.replace("~1", "/") for kind in (base or {}).get("binaryMediaTypes", [])]
    api = import_api(spec, {**(base or {}), "binaryMediaTypes": media_types})
    for kind, response in spec.get("x-amazon-apigateway-gateway-responses", {}).items():
        rest._put_gateway_response(api, kind, response)
    return api


@instead_of(rest._import_path_item)
def import_path_item(import_path, api: str, path: str, item: dict, *more: object) -> None:
    """`x-amazon-apigateway-any-method` is dropped."""
    names = {"x-amazon-apigateway-any-method": "any"}
    import_path(api, path, {names.get(name, name): value for name, value in item.items()}, *more)


@instead_of(app._handle_execute_api_request)
async def handle_execute_api_request(handle, host: str, path: str, *request: object, **more: object) -> tuple | None:
    """Functions get the path decoded."""
    return await handle(host, more.get("raw_path") or path, *request, **more)


@instead_of(rest._build_lambda_event_v1)
def build_lambda_event(
    build, api: str, stage_name: str, stage: dict, resource: dict, path: str, *more, **named
) -> dict:
    """Functions get the path without empty segments, and of a repeated parameter the first value, not the last."""
    event = build(api, stage_name, stage, resource, path, *more, **named)
    event["path"] = "/" + path.lstrip("/")
    if event["pathParameters"]:
        event["pathParameters"] = {"proxy": path.strip("/")}
    values = event["multiValueQueryStringParameters"] or {}
    event["queryStringParameters"] = {name: every[-1] for name, every in values.items()} or None
    return event


@instead_of(rest._media_type_matches)
def media_type_matches(matches, media_type: str | None, binary: list[str] | None) -> bool:
    """Without `Accept`, an answer stays base64 even where every type is binary."""
    return "*/*" in (binary or []) or matches(media_type, binary)
