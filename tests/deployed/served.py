"""What the stacks of the tests serve."""

import json

from botocore.client import BaseClient

# Anyone may read and list it.
OPEN = "open-data"
PRIVATE = "private-data"
TORRENTS = "torrents-only"
BATCH = "batch-files"

MIB = 1024**2
# Small enough for tests: what is larger than one MiB is hashed by jobs of small spans.
EVERYTHING = {
    "PregenerateBuckets": OPEN,
    "PregenerateMinSize": str(8 * MIB),
    "BatchBucket": BATCH,
    "Tracker": "true",
    "InlineMaxSize": str(MIB),
    "SpanSize": str(MIB),
    "ThrottleRate": "10000",
    "ThrottleBurst": "5000",
}


def create_buckets(s3: BaseClient) -> None:
    """As an operator has them before the stack."""
    for bucket in (OPEN, PRIVATE, TORRENTS, BATCH):
        s3.create_bucket(Bucket=bucket)
    for bucket in (OPEN, PRIVATE):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    s3.delete_public_access_block(Bucket=OPEN)
    s3.put_bucket_policy(Bucket=OPEN, Policy=json.dumps(_public(OPEN)))


def _public(bucket: str) -> dict[str, object]:
    arn = f"arn:aws:s3:::{bucket}"
    rights = {"s3:GetObject": f"{arn}/*", "s3:ListBucket": arn}
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
        for action, resource in rights.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}
