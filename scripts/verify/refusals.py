"""Error documents, and the CORS headers of every kind of answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import unquote

from botocore.exceptions import ClientError

from scripts.verify import judge
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack
from scripts.verify.wire import Answer

METHODS = "GET, HEAD, OPTIONS"
ORIGIN = {"Origin": "https://example.org"}


@dataclass(frozen=True)
class Refusal:
    """A request that is refused. {bucket} and {folder} stand in the target for those of the run."""

    title: str
    status: int
    code: str
    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)

    def asked(self, stack: Stack) -> Answer:
        """The answer to it."""
        return stack.ask(self._filled(stack), self.method, {**self.headers, **ORIGIN})

    def check(self, stack: Stack) -> None:
        """Judges the answer."""
        answer = self.asked(stack)
        path = self._filled(stack).partition("?")[0]
        # The path of a target that cannot be decoded is not compared.
        resource = None if self.code == "InvalidURI" else unquote(path)
        judge.error(answer, self.status, self.code, resource)
        if self.status == 405:
            judge.equal("allow", answer.header("allow"), METHODS)

    def _filled(self, stack: Stack) -> str:
        return self.target.replace("{bucket}", stack.bucket).replace("{folder}", stack.objects.folder)


OBJECT = "/{bucket}/{folder}plain.bin"
LENGTH = {"Content-Length": "0"}
OF_A_BUCKET = Refusal("torrent of a bucket", 400, "RequestTorrentOfBucketError", "/{bucket}?torrent")
WITHOUT_TORRENT = Refusal("object without ?torrent", 501, "NotImplemented", OBJECT)
PUT = Refusal("PUT", 405, "MethodNotAllowed", f"{OBJECT}?torrent", "PUT", LENGTH)
NOT_SERVED = Refusal("bucket that is not served", 403, "AccessDenied", "/get-object-torrent-not-served/x?torrent")
REFUSALS = (
    OF_A_BUCKET,
    WITHOUT_TORRENT,
    Refusal("the root", 501, "NotImplemented", "/"),
    PUT,
    Refusal("POST", 405, "MethodNotAllowed", f"{OBJECT}?torrent", "POST", LENGTH),
    Refusal("DELETE", 405, "MethodNotAllowed", f"{OBJECT}?torrent", "DELETE"),
    Refusal("invalid bucket name", 400, "InvalidBucketName", "/No_Bucket/x?torrent"),
    Refusal("directory bucket", 501, "NotImplemented", "/data--use1-az4--x-s3/x?torrent"),
    Refusal("key of 1,025 bytes", 400, "KeyTooLongError", f"/{{bucket}}/{'k' * 1025}?torrent"),
    Refusal("escape that is none", 400, "InvalidURI", "/{bucket}/%zz?torrent"),
    Refusal("path that is not UTF-8", 400, "InvalidURI", "/{bucket}/%ff%fe?torrent"),
    NOT_SERVED,
    Refusal("wrong payer", 400, "InvalidArgument", f"{OBJECT}?torrent", "GET", {"x-amz-request-payer": "me"}),
    Refusal(
        "wrong bucket owner",
        400,
        "InvalidBucketOwnerAWSAccountID",
        f"{OBJECT}?torrent",
        "GET",
        {"x-amz-expected-bucket-owner": "me"},
    ),
    Refusal("malformed versionId", 400, "InvalidArgument", f"{OBJECT}?torrent&versionId=%20"),
    Refusal("presigned without a URL", 400, "InvalidArgument", f"{OBJECT}?torrent&presigned=x"),
)


def _missing(stack: Stack) -> str:
    """A missing object is a 404 if S3 tells the caller so, and else a 403."""
    key = f"{stack.objects.folder}missing"
    answer = stack.ask(stack.path(key))
    client = stack.objects.client if stack.credentials else stack.anonymous
    try:
        client.head_object(Bucket=stack.bucket, Key=key)
    except ClientError as error:
        told = error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    # With signatures, the role's rights count, which are not known here.
    if stack.credentials is not None:
        told = answer.status == 404
    wanted = (404, "NoSuchKey") if told else (403, "AccessDenied")
    judge.error(answer, wanted[0], wanted[1], f"/{stack.bucket}/{key}")
    return str(wanted[0])


def _empty(stack: Stack) -> None:
    item = stack.objects.put("empty.bin", b"")
    judge.error(stack.get(item), 400, "InvalidRequest", f"/{stack.bucket}/{item.key}")


def _sidecar(stack: Stack) -> None:
    stack.get(stack.plain)
    key = next((key for key in stack.objects.sidecars() if key.endswith(f"{stack.plain.key}.torrent")), None)
    if key is None or not key.startswith(stack.objects.folder):
        raise NotTried("sidecars do not lie beside their objects")
    judge.error(stack.ask(stack.path(key)), 400, "InvalidRequest", f"/{stack.bucket}/{key}")


def _request_id(stack: Stack) -> None:
    answer = OF_A_BUCKET.asked(stack)
    judge.equal("RequestId", judge.document(answer).get("RequestId"), answer.header("x-amz-request-id"))


def _head_refused(stack: Stack) -> None:
    answer = stack.ask(f"/{stack.bucket}?torrent", "HEAD")
    judge.status(answer, 400)
    judge.cors(answer)


def _preflight(stack: Stack) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization", **ORIGIN}
    for target in ("/", stack.path(stack.plain.key)):
        answer = stack.ask(target, "OPTIONS", asked)
        judge.status(answer, 204)
        judge.equal("content-type", answer.header("content-type"), "text/plain")
        judge.equal("access-control-allow-origin", answer.header("access-control-allow-origin"), "*")
        judge.equal("access-control-allow-methods", answer.header("access-control-allow-methods"), METHODS)
        judge.equal("access-control-allow-headers", answer.header("access-control-allow-headers"), "*, authorization")


def _cors_on_torrent(stack: Stack) -> None:
    answer = stack.get(stack.plain, ORIGIN)
    judge.status(answer, 200)
    judge.cors(answer)


def _cors_on_not_modified(stack: Stack) -> None:
    answer = stack.get(stack.plain, {"If-None-Match": "*", **ORIGIN})
    judge.status(answer, 304)
    judge.cors(answer)


def _cors_on_refusal(stack: Stack, refusal: Refusal) -> None:
    answer = refusal.asked(stack)
    judge.status(answer, refusal.status)
    judge.cors(answer)


def _own_answer(stack: Stack) -> str:
    """What API Gateway answers by itself: to an unsigned request if it wants signatures, or to a method of nobody's."""
    unsigned, stack.credentials = stack.credentials, None
    try:
        answer = stack.ask(stack.path(stack.plain.key), "GET" if unsigned else "PROPFIND", ORIGIN)
    finally:
        stack.credentials = unsigned
    kind = answer.header("x-amzn-errortype")
    if not kind or answer.header("x-torrent-origin"):
        raise NotTried(f"API Gateway did not answer by itself, but {answer}")
    if answer.status not in (400, 403, 405):
        raise Differs(f"the answer is {answer}")
    judge.cors(answer)
    return f"{answer.status} {kind}"


CHECKS = (
    *(Check(f"refused: {refusal.title}", refusal.check) for refusal in REFUSALS),
    Check("refused: missing object", _missing),
    Check("refused: empty object", _empty),
    Check("refused: sidecar", _sidecar),
    Check("request ID of an error document", _request_id),
    Check("CORS: preflight", _preflight),
    Check("CORS on a 200", _cors_on_torrent),
    Check("CORS on a 304", _cors_on_not_modified),
    Check("CORS on a 400", partial(_cors_on_refusal, refusal=OF_A_BUCKET)),
    Check("CORS on a 400 of HEAD", _head_refused),
    Check("CORS on a 403", partial(_cors_on_refusal, refusal=NOT_SERVED)),
    Check("CORS on a 405", partial(_cors_on_refusal, refusal=PUT)),
    Check("CORS on a 501", partial(_cors_on_refusal, refusal=WITHOUT_TORRENT)),
    Check("CORS on an answer by API Gateway itself", _own_answer),
)
