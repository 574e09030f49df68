"""Error documents, and the CORS headers of every kind of answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from botocore.exceptions import ClientError

from scripts.verify import judge
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack

METHODS = "GET, HEAD, OPTIONS"
ORIGIN = {"Origin": "https://example.org"}
OBJECT = "/{bucket}/{folder}plain.bin"
TORRENT = f"{OBJECT}?torrent"
BUCKET = "/{bucket}?torrent"
EMPTY = {"Content-Length": "0"}
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


@dataclass(frozen=True)
class Row:
    """A request, and its answer. {bucket} and {folder} stand in the target for those of the run."""

    title: str
    status: int
    # Of an error document, and empty if the answer has none.
    code: str
    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)

    def check(self, stack: Stack) -> None:
        """Asks, and judges the answer."""
        target = self.target.replace("{bucket}", stack.bucket).replace("{folder}", stack.objects.folder)
        answer = stack.ask(target, self.method, {**self.headers, **ORIGIN})
        if self.code:
            # The path of a target that cannot be decoded is not compared.
            path = None if self.code == "InvalidURI" else unquote(target.partition("?")[0])
            judge.error(answer, self.status, self.code, path)
        judge.status(answer, self.status)
        judge.cors(answer)
        judge.headers(answer, {"allow": METHODS} if self.status == 405 else {})


ROWS = (
    Row("refused: torrent of a bucket", 400, "RequestTorrentOfBucketError", BUCKET),
    Row("refused: object without ?torrent", 501, "NotImplemented", OBJECT),
    Row("refused: the root", 501, "NotImplemented", "/"),
    Row("refused: PUT", 405, "MethodNotAllowed", TORRENT, "PUT", EMPTY),
    Row("refused: POST", 405, "MethodNotAllowed", TORRENT, "POST", EMPTY),
    Row("refused: DELETE", 405, "MethodNotAllowed", TORRENT, "DELETE"),
    Row("refused: key of 1,025 bytes", 400, "KeyTooLongError", f"/{{bucket}}/{'k' * 1025}?torrent"),
    Row("refused: escape that is none", 400, "InvalidURI", "/{bucket}/%zz?torrent"),
    Row("refused: path that is not UTF-8", 400, "InvalidURI", "/{bucket}/%ff%fe?torrent"),
    Row("refused: wrong payer", 400, "InvalidArgument", TORRENT, headers={"x-amz-request-payer": "me"}),
    Row("CORS on a 200", 200, "", TORRENT),
    Row("CORS on a 304", 304, "", TORRENT, headers={"If-None-Match": "*"}),
    Row("CORS on a 400 of HEAD", 400, "", BUCKET, "HEAD"),
)


def _missing(stack: Stack) -> str:
    """A missing object is a 404 if S3 tells the caller so, and else a 403."""
    key = f"{stack.objects.folder}missing"
    answer = stack.ask(stack.path(key))
    # With signatures, the role's rights count, which are not known here.
    told = answer.status == 404
    if stack.credentials is None:
        try:
            stack.anonymous.head_object(Bucket=stack.bucket, Key=key)
        except ClientError as error:
            told = error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    status, code = (404, "NoSuchKey") if told else (403, "AccessDenied")
    judge.error(answer, status, code, f"/{stack.bucket}/{key}")
    return str(status)


def _request_id(stack: Stack) -> None:
    answer = stack.ask(f"/{stack.bucket}?torrent")
    judge.equal("RequestId", judge.document(answer).get("RequestId"), answer.header("x-amz-request-id"))


def _preflight(stack: Stack) -> None:
    for target in ("/", stack.path(stack.plain.key)):
        answer = stack.ask(target, "OPTIONS", {**PREFLIGHT, **ORIGIN})
        judge.status(answer, 204)
        allowed = {"origin": "*", "methods": METHODS, "headers": "*, authorization"}
        wanted = {f"access-control-allow-{what}": value for what, value in allowed.items()}
        judge.headers(answer, {"content-type": "text/plain", **wanted})


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
    *(Check(row.title, row.check) for row in ROWS),
    Check("refused: missing object", _missing),
    Check("request ID of an error document", _request_id),
    Check("CORS: preflight", _preflight),
    Check("CORS on an answer by API Gateway itself", _own_answer),
)
