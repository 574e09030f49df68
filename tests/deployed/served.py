"""What the stacks of the tests serve, and how it is asked for."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import clients
from botocore.client import BaseClient
from clients import Answer
from deployment import Stack

from scripts.stack.seaweedfs import REGION, Credentials, public_read_policy

Found = TypeVar("Found")

# Anyone may read and list it.
OPEN = "open-data"
PRIVATE = "private-data"
TORRENTS = "torrents-only"
BATCH = "batch-files"

# Of the keys whose uploads start jobs.
UPLOADS = "uploads/"

MIB = 1024**2
# A job hashes it, in four spans.
LARGE = bytes(range(256)) * 4096 * 3 + b"tail"
LONGEST_WAIT = 120.0
POLL_SECONDS = 0.1
# Small enough for tests: what is larger than one MiB is hashed by jobs.
# Of the functions: small spans, no request waits long for a job, so that it may be asked about while it runs, and what
# is remembered of a swarm is out of date at once.
VARIABLES = {"SPAN_SIZE": str(MIB), "TIME_BUDGET_MS": "5000", "TRACKER_TIME_SCALE": "0.000001"}
EVERYTHING = {
    "Buckets": PRIVATE,
    "Access": "function-role",
    "ApiAuthorizer": "AWS_IAM",
    "SidecarBucket": TORRENTS,
    "PregenerateBuckets": PRIVATE,
    "PregeneratePrefix": UPLOADS,
    "BatchBucket": BATCH,
    "Tracker": "true",
    "EnoughSpeed": "1000000",
    "InlineMaxSize": str(MIB),
    "ThrottleRate": "10000",
}


def create_buckets(s3: BaseClient) -> None:
    """As an operator has them before the stack."""
    for bucket in (OPEN, PRIVATE, TORRENTS, BATCH):
        s3.create_bucket(Bucket=bucket)
        events = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=events)
    everyone_may_read(s3, OPEN)


def everyone_may_read(s3: BaseClient, bucket: str) -> None:
    """And list."""
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public_read_policy(bucket, listed=True))


def wait_for(found: Callable[[], Found | None], what: str) -> Found:
    """What `found` returns, once it is not `None`."""
    deadline = time.monotonic() + LONGEST_WAIT
    while (result := found()) is None:
        assert time.monotonic() < deadline, f"no {what} within {LONGEST_WAIT:.0f} s"
        time.sleep(POLL_SECONDS)
    return result


def ask(stack: Stack, folder: Path, key: str, bucket: str = OPEN, query: str = "torrent=", *options: str) -> Answer:
    """curl's answer. While a job runs, it asks again, as the answer says."""

    def answer() -> Answer | None:
        answered = clients.curl(clients.torrent_url(stack.endpoint, bucket, key, query), folder, *options)
        return None if answered.status == 503 else answered

    return wait_for(answer, f"answer for {key}")


def signed(credentials: Credentials) -> list[str]:
    """curl's options to sign a request for API Gateway."""
    user = f"{credentials.access_key}:{credentials.secret_key}"
    return ["--aws-sigv4", f"aws:amz:{REGION}:execute-api", "--user", user]
