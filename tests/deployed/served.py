"""What the stacks of the tests serve."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote_from_bytes, quote_plus, unquote_plus

import clients
import libtorrent
from botocore.client import BaseClient
from clients import Answer
from deployment import Stack

from scripts.stack.seaweedfs import REGION, Credentials

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
# Small enough for tests: what is larger than one MiB is hashed by jobs of small spans.
EVERYTHING = {
    "PregenerateBuckets": OPEN,
    "PregeneratePrefix": UPLOADS,
    "BatchBucket": BATCH,
    "Tracker": "true",
    "InlineMaxSize": str(MIB),
    "ThrottleRate": "10000",
}
SMALL_SPANS = {"SPAN_SIZE": str(MIB)}


def create_buckets(s3: BaseClient) -> None:
    """As an operator has them before the stack."""
    for bucket in (OPEN, PRIVATE, TORRENTS, BATCH):
        s3.create_bucket(Bucket=bucket)
    for bucket in (OPEN, PRIVATE):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    everyone_may_read(s3, OPEN)


def everyone_may_read(s3: BaseClient, bucket: str) -> None:
    """And list."""
    arn = f"arn:aws:s3:::{bucket}"
    rights = {"s3:GetObject": f"{arn}/*", "s3:ListBucket": arn}
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
        for action, resource in rights.items()
    ]
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


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


def upload_in_parts(s3: BaseClient, bucket: str, key: str) -> None:
    """Uploads as `aws s3 cp --checksum-algorithm SHA1`: a whole part and a byte."""
    upload = {"Bucket": bucket, "Key": key}
    upload["UploadId"] = s3.create_multipart_upload(**upload, ChecksumAlgorithm="SHA1")["UploadId"]
    parts = []
    for number, body in enumerate((bytes(8 * MIB), b"x"), 1):
        kept = s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA1")
        parts.append({name: kept[name] for name in ("ETag", "ChecksumSHA1")} | {"PartNumber": number})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


def started(stack: Stack, key: str) -> list[dict]:
    """The executions of the job of `key`."""
    workflow = stack.emulator.client("stepfunctions")
    listed = workflow.list_executions(stateMachineArn=stack.outputs["JobStateMachineArn"])["executions"]
    described = [workflow.describe_execution(executionArn=one["executionArn"]) for one in listed]
    return [one for one in described if json.loads(one["input"]).get("key") == key]


def executions(stack: Stack, key: str) -> list[dict]:
    """The same, once they have ended."""

    def ended() -> list[dict] | None:
        found = started(stack, key)
        return None if any(one["status"] == "RUNNING" for one in found) else found

    return wait_for(ended, f"end of the job of {key}")


def manifest(bucket: str, keys: list[str]) -> bytes:
    """Of S3 Batch Operations."""
    return "".join(f"{bucket},{quote_plus(key, safe='/')}\n" for key in keys).encode()


def run_batch(stack: Stack, key: str) -> dict[str, list[str]]:
    """What S3 Batch Operations does with the manifest at `key`, in the role that is meant for it: results by key."""
    assumed = stack.emulator.client("sts").assume_role(RoleArn=stack.outputs["BatchRoleArn"], RoleSessionName="batch")
    role = assumed["Credentials"]
    credentials = Credentials(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
    s3 = stack.emulator.client("s3", credentials)
    lines = s3.get_object(Bucket=BATCH, Key=key)["Body"].read().decode().splitlines()
    results = {}
    for bucket, s3_key in (line.split(",") for line in lines):
        task = {"taskId": "task", "s3Key": s3_key, "s3VersionId": None, "s3BucketArn": f"arn:aws:s3:::{bucket}"}
        event = {"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j"}, "tasks": [task]}
        function = stack.emulator.client("lambda", credentials)
        answer = function.invoke(FunctionName=stack.outputs["BatchFunctionArn"], Payload=json.dumps(event))
        [result] = json.load(answer["Payload"])["results"]
        results[unquote_plus(s3_key)] = [result["resultCode"], result["resultString"]]
    s3.put_object(Bucket=BATCH, Key="torrent-batch/report.json", Body=json.dumps(results).encode())
    return results


def announce(stack: Stack, folder: Path, info_hash: bytes, peer: bytes = b"-XX0001-aaaaaaaaaaaa", **more: str) -> dict:
    """What the tracker answers to the announce of a peer that has nothing."""
    fields = {"port": "6881", "left": "1", "compact": "1", "uploaded": "0", "downloaded": "0", **more}
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    raw = f"info_hash={quote_from_bytes(info_hash, safe='~')}&peer_id={quote_from_bytes(peer)}"
    return libtorrent.bdecode(clients.curl(f"{stack.tracker}?{raw}&{query}", folder).body)
