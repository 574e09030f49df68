"""python -m scripts.verify ENDPOINT BUCKET, with options. `make verify` starts it."""

import argparse
import re
import secrets
import signal
import sys
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from scripts.stack.errors import StackError
from scripts.verify import answers, collection, keys, load, opening, origins, refusals, report, tracker
from scripts.verify.objects import Objects
from scripts.verify.outcome import Check, Line, Verdict, made
from scripts.verify.stack import Settings, Stack

CHECKS: list[Check] = [
    check for group in (answers, keys, refusals, origins, collection, tracker, load) for check in group.CHECKS
]
WITHOUT = ("part-checksums", "collections")
USAGE = "make verify ENDPOINT=https://… BUCKET=… [PREFIX=…]"
DIFFERENT, REFUSED, INTERRUPTED = 1, 2, 130


def main(arguments: list[str]) -> int:
    """Runs the checks, and returns the exit status."""
    # Whoever ends the run ends it in order: the objects are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = _settings(arguments)
        objects = opening.objects(settings)
        return _verify(settings, objects)
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
            lines.append(made(check, stack))
            print(lines[-1], flush=True)
    finally:
        notes = _removed(objects, stack)
        if stack is not None:
            print(f"{report.summary(lines)}. The report is {report.write(stack, lines, notes)}", flush=True)
    return DIFFERENT if any(line.verdict == Verdict.DIFFERS for line in lines) else 0


def _removed(objects: Objects, stack: Stack | None) -> list[str]:
    """Removes what the run has put, and says what is left."""
    left = []
    try:
        if stack is not None and stack.stores_elsewhere():
            left.append("stored torrents: give SIDECAR_BUCKET and SIDECAR_PREFIX as the stack has them")
        left += objects.remove()
    except (KeyboardInterrupt, BotoCoreError, ClientError) as error:
        left.append(f"everything below {objects.places[0]} ({error!r})")
    for what in left:
        print(f"get-object-torrent: could not be removed: {what}", file=sys.stderr)
    return [f"not removed: {what}" for what in left]


def _settings(arguments: list[str]) -> Settings:
    given = _parsed(arguments)
    endpoint = given.endpoint.rstrip("/")
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise StackError(f"ENDPOINT is {given.endpoint!r}, and should be the stack's output Endpoint: {USAGE}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", given.bucket):
        raise StackError(f"BUCKET is {given.bucket!r}, and should be a bucket that the stack serves: {USAGE}")
    unknown = set(given.without.split()) - set(WITHOUT)
    if unknown:
        raise StackError(f"WITHOUT names {' '.join(sorted(unknown))}, and may name {' and '.join(WITHOUT)}")
    return Settings(
        endpoint,
        given.bucket,
        f"{given.prefix}get-object-torrent-verify-{secrets.token_hex(4)}/",
        _number("JOB_SIZE", given.job_size),
        _number("BURST", given.burst, load.MOST_AT_ONCE),
        given.tracker,
        frozenset(given.without.split()),
        given.sidecar_bucket,
        given.sidecar_prefix,
    )


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.verify")
    parser.add_argument("endpoint")
    parser.add_argument("bucket")
    for name in ("prefix", "without", "tracker", "sidecar-bucket", "sidecar-prefix"):
        parser.add_argument(f"--{name}", default="")
    for name in ("job-size", "burst"):
        parser.add_argument(f"--{name}", default="0")
    return parser.parse_args(arguments)


def _number(name: str, value: str, most: int = origins.LARGEST) -> int:
    if not value.isascii() or not value.isdigit() or int(value) > most:
        raise StackError(f"{name} is {value!r}, and should be a number up to {most}")
    return int(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
