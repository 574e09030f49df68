"""python -m scripts.verify ENDPOINT BUCKET, with options. `make verify` starts it."""

import argparse
import re
import secrets
import signal
import sys
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from scripts.stack.errors import StackError
from scripts.verify import answers, keys, opening, origins, refusals, report, tracker
from scripts.verify.objects import Objects
from scripts.verify.outcome import Check, Line, Verdict
from scripts.verify.stack import Settings, Stack

CHECKS: list[Check] = [check for group in (answers, keys, refusals, origins, tracker) for check in group.CHECKS]
WITHOUT = {"part-checksums", "collections"}
USAGE = "make verify ENDPOINT=https://… BUCKET=… [PREFIX=…]"
DIFFERENT, REFUSED, INTERRUPTED = 1, 2, 130


def main(arguments: list[str]) -> int:
    """Runs the checks, and returns the exit status."""
    # Whoever ends the run ends it in order: the objects are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = _settings(arguments)
        return _verify(settings, opening.objects(settings))
    except StackError as error:
        print(f"get-object-torrent: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("get-object-torrent: interrupted", file=sys.stderr)
        return INTERRUPTED


def _verify(settings: Settings, objects: Objects) -> int:
    lines: list[Line] = []
    stack: Stack | None = None
    try:
        stack = opening.stack(settings, objects)
        for check in CHECKS:
            lines.append(check.made(stack))
            print(lines[-1], flush=True)
    finally:
        left = _removed(objects, stack)
        if stack is not None:
            print(f"{report.summary(lines)}. The report is {report.write(stack, lines, left)}", flush=True)
    return DIFFERENT if any(line.verdict == Verdict.DIFFERS for line in lines) else 0


def _removed(objects: Objects, stack: Stack | None) -> list[str]:
    """Removes what the run has put, and says what is left."""
    left = []
    try:
        if stack is not None and stack.stores_elsewhere():
            left.append("stored torrents: give SIDECAR_BUCKET and SIDECAR_PREFIX as the stack has them")
        left += objects.remove()
    except (KeyboardInterrupt, BotoCoreError, ClientError) as error:
        left.append(f"everything below s3://{objects.bucket}/{objects.folder} ({error!r})")
    for what in left:
        print(f"get-object-torrent: could not be removed: {what}", file=sys.stderr)
    return left


def _settings(arguments: list[str]) -> Settings:
    parser = argparse.ArgumentParser(prog="python -m scripts.verify")
    parser.add_argument("endpoint")
    parser.add_argument("bucket")
    for name in ("prefix", "without", "tracker", "sidecar-bucket", "sidecar-prefix"):
        parser.add_argument(f"--{name}", default="")
    for name in ("job-size", "burst"):
        parser.add_argument(f"--{name}", default="0")
    given = vars(parser.parse_args(arguments))
    parts = urlsplit(given["endpoint"])
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise StackError(f"ENDPOINT is {given['endpoint']!r}, and should be the stack's output Endpoint: {USAGE}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", given["bucket"]):
        raise StackError(f"BUCKET is {given['bucket']!r}, and should be a bucket that the stack serves: {USAGE}")
    without = frozenset(given["without"].split())
    if unknown := without - WITHOUT:
        raise StackError(f"WITHOUT names {' '.join(sorted(unknown))}, and may name part-checksums and collections")
    own = {
        "endpoint": given["endpoint"].rstrip("/"),
        "folder": f"{given.pop('prefix')}get-object-torrent-verify-{secrets.token_hex(4)}/",
        "job_size": _number("JOB_SIZE", given["job_size"], origins.LARGEST),
        "burst": _number("BURST", given["burst"], answers.MOST_AT_ONCE),
        "without": without,
    }
    return Settings(**{**given, **own})


def _number(name: str, value: str, most: int) -> int:
    if not value.isascii() or not value.isdigit() or int(value) > most:
        raise StackError(f"{name} is {value!r}, and should be a number up to {most}")
    return int(value)


if __name__ == "__main__":
    # A shell's background jobs, and so some CI's, start with the signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
