"""Where the piece hashes come from: part checksums, a presigned URL, a version, a job."""

import time
from urllib.parse import quote

from scripts.verify import judge
from scripts.verify.objects import MIB, random_bytes
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack

PART = 8 * MIB
# 10,000 parts of 64 MiB.
LARGEST = 10_000 * 64 * MIB
JOB_SECONDS = 900
PRESIGNED_SECONDS = 300


def _part_checksums(stack: Stack) -> None:
    if "part-checksums" in stack.settings.without:
        raise NotTried("WITHOUT names them")
    if stack.torrent.piece_length not in (MIB // 4, PART):
        raise NotTried(f"PIECE_LENGTH is {stack.torrent.piece_length}")
    item = stack.objects.put_in_parts("parts.bin", [random_bytes(f"part {part}", PART) for part in (1, 2)])
    answer = stack.get(item)
    found = judge.torrent(answer, item)
    judge.headers(answer, {"x-torrent-origin": "part-checksums"})
    judge.equal("the piece length", found.piece_length, PART)


def _presigned(stack: Stack) -> None:
    item = stack.objects.put("presigned.bin", random_bytes("presigned", 300_000))
    judge.torrent(stack.ask(_with_presigned(stack, item.key)), item)


def _altered(stack: Stack) -> None:
    """S3 judges the URL, also when the sidecar is there."""
    key = stack.plain.key
    stack.get(stack.plain)
    before, name, after = _with_presigned(stack, key).rpartition(quote("Signature=", safe=""))
    other = "1" if after[0] == "0" else "0"
    answer = stack.ask(f"{before}{name}{other}{after[1:]}")
    judge.error(answer, 403, "AccessDenied", f"/{stack.bucket}/{key}")


def _with_presigned(stack: Stack, key: str) -> str:
    asked = {"Bucket": stack.bucket, "Key": key}
    url = stack.objects.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=PRESIGNED_SECONDS)
    return f"{stack.path(key)}&presigned={quote(url, safe='')}"


def _version(stack: Stack) -> None:
    old = stack.objects.put("version.bin", random_bytes("old", 1000))
    new = stack.objects.put("version.bin", random_bytes("new", 1000))
    if old.version in (None, "null"):
        raise NotTried("the bucket keeps no versions")
    judge.torrent(stack.get(new), new)
    found = judge.torrent(stack.ask(f"{stack.path(old.key)}&versionId={old.version}"), old)
    if not all(url.endswith(f"?versionId={old.version}") for url in found.web_seeds):
        raise Differs(f"the web seeds are {found.web_seeds}")


def _job(stack: Stack) -> str:
    size = stack.settings.job_size
    if not size:
        raise NotTried("give JOB_SIZE=1073741825, or InlineMaxSize and 1 byte; S3 copies most of the object")
    item = stack.objects.put_copied("job.bin", size)
    path, started = stack.path(item.key), time.monotonic()
    # HEAD starts no job. The upload may have started one (PregenerateBuckets).
    head = stack.ask(path, "HEAD")
    if head.status != 200:
        judge.slow_down(head)
    waited = 0
    while (answer := stack.get(item)).status == 503:
        judge.slow_down(answer)
        waited += 1
        if time.monotonic() > started + JOB_SECONDS:
            raise Differs(f"it is not ready after {JOB_SECONDS} s: {answer}")
        time.sleep(int(answer.header("retry-after")))
    judge.torrent(answer, item)
    if answer.header("x-torrent-origin") not in ("job", "sidecar"):
        raise Differs(f"x-torrent-origin is {answer.header('x-torrent-origin')}: is JOB_SIZE more than InlineMaxSize?")
    return f"{time.monotonic() - started:.0f} s, and {waited} times 503"


CHECKS = (
    Check("part checksums", _part_checksums),
    Check("presigned URL", _presigned),
    Check("presigned URL with another signature", _altered),
    Check("versionId", _version),
    Check("job", _job),
)
