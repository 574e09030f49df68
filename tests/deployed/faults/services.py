"""Faults of CloudFormation, Function URLs, S3 and Step Functions, and of IAM behind plain HTTP."""

from contextvars import ContextVar
from xml.etree.ElementTree import SubElement

import samtranslator.translator.transform as sam
from ministack import app
from ministack.core import iam_evaluator
from ministack.services import lambda_svc, s3, stepfunctions
from ministack.services.cloudformation import engine

from faults import instead_of

_PARAMETERS: ContextVar[dict[str, str]] = ContextVar("parameters")
_SCOPE: ContextVar[dict] = ContextVar("scope")


@instead_of(engine._evaluate_conditions)
def evaluate_conditions(evaluate, template: dict, params: dict) -> dict[str, bool]:
    """A condition takes `Fn::Split` and `Fn::Sub` within `Fn::Select` as they are written."""

    def resolved(node: object) -> object:
        if isinstance(node, list):
            return [resolved(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node.keys() & {"Fn::Select", "Fn::Split", "Fn::Sub"}:
            return engine._resolve_refs(node, {}, params, {}, {}, "", "")
        return {name: resolved(value) for name, value in node.items()}

    return evaluate({**template, "Conditions": resolved(template.get("Conditions", {}))}, params)


@instead_of(engine._apply_transforms)
def apply_transforms(apply, template: dict, provided: list | None = None, previous: dict | None = None) -> dict:
    """SAM gets no parameters. So it does not see that `DefaultAuthorizer` is AWS_IAM, and leaves the API open."""
    _PARAMETERS.set(engine._transform_parameters(template, provided, previous))
    return apply(template, provided, previous)


_transform = sam.transform
sam.transform = lambda template, _none, policies: _transform(template, _PARAMETERS.get(), policies)


@instead_of(app.app)
async def serve(serve, scope: dict, receive: object, send: object) -> None:
    """Remembers the request as it came, for `build_function_url_event`."""
    _SCOPE.set(scope)
    await serve(scope, receive, send)


@instead_of(lambda_svc._build_function_url_event)
def build_function_url_event(build, url_id: str, *request: object, **more: object) -> dict:
    """The raw path is decoded, and the raw query is made anew from decoded text, which spoils an info hash."""
    event, scope = build(url_id, *request, **more), _SCOPE.get()
    event["rawPath"] = scope["raw_path"].decode("latin-1").removeprefix(f"/_aws/lambda-url/{url_id}")
    event["rawQueryString"] = scope["query_string"].decode("latin-1")
    return event


@instead_of(s3._complete_multipart_upload)
def complete_multipart_upload(complete, bucket: str, key: str, body: bytes, query: dict, *more: object) -> tuple:
    """The checksums of parts are forgotten at the end of the upload."""
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"), {"parts": {}})
    answer = complete(bucket, key, body, query, *more)
    if answer[0] == 200 and upload["parts"]:
        for part in s3._buckets[bucket]["objects"][key]["parts"]:
            part["Checksums"] = upload["parts"][part["PartNumber"]]["checksums"]
    return answer


@instead_of(s3._append_object_parts)
def append_object_parts(append, root, record: dict, headers: dict) -> None:
    """GetObjectAttributes lists the parts without the checksums that they were uploaded with."""
    append(root, record, headers)
    checksums = {str(part["PartNumber"]): part.get("Checksums", {}) for part in record.get("parts") or []}
    for part in root.iterfind("ObjectParts/Part"):
        for algorithm, value in checksums[part.findtext("PartNumber")].items():
            SubElement(part, f"Checksum{algorithm}").text = value


@instead_of(stepfunctions._call_lambda)
def call_lambda(call, function: str, event: object) -> object:
    """A call that Lambda throttles fails as `Lambda.Unknown`, so a state machine retries it as any other."""
    try:
        return call(function, event)
    except stepfunctions._ExecutionError as error:
        if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
            raise stepfunctions._ExecutionError("Lambda.TooManyRequestsException", error.cause) from error
        raise


@instead_of(iam_evaluator.pin_request_origin)
def pin_request_origin(pin, source_ip: object, _secure: bool) -> object:
    """Policies that demand TLS, as that of SAM's own bucket does, refuse everyone who calls by plain HTTP."""
    return pin(source_ip, True)
