"""Finds out whether a stack can be verified at all. If not, the one message says why, and what to do."""

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.stack.errors import StackError
from scripts.verify.objects import Objects
from scripts.verify.outcome import Differs, NotTried
from scripts.verify.stack import PATH_STYLE, Settings, Stack
from scripts.verify.wire import Answer


def objects(settings: Settings) -> Objects:
    """The bucket, by the operator's own credentials."""
    session = boto3.Session()
    try:
        found = session.get_credentials()
        usable = found is not None and found.get_frozen_credentials().access_key
    except BotoCoreError as error:
        raise StackError(f"your AWS credentials cannot be used: {error}") from None
    if not usable:
        raise StackError(
            "there are no AWS credentials, and objects are put into the bucket with yours. Set AWS_PROFILE, or run "
            "`aws configure` or `aws sso login`."
        )
    config = Config(s3=PATH_STYLE, retries={"mode": "standard"})
    client = session.client("s3", region_name=session.region_name or "us-east-1", config=config)
    client = session.client("s3", region_name=_region(client, settings.bucket), config=config)
    return Objects(client, settings.bucket, settings.folder, settings.sidecar_bucket, settings.sidecar_prefix)


def stack(settings: Settings, objects: Objects) -> Stack:
    """The stack, if it answers as one and serves the bucket."""
    found = Stack(settings, objects, objects.client.meta.region_name, None)
    first = _probe(found)
    if first.status in (401, 403) and "MissingAuthenticationToken" in first.header("x-amzn-errortype"):
        found.credentials = boto3.Session().get_credentials()
        first = _probe(found)
    if b"<Code>RequestTorrentOfBucketError</Code>" not in first.body:
        raise StackError(
            f"{settings.endpoint} does not answer as get-object-torrent: it should refuse the torrent of a bucket with "
            f"RequestTorrentOfBucketError, and says {first}. ENDPOINT is the stack's output Endpoint."
        )
    found.first_seconds = first.seconds
    _must_serve(found)
    return found


def _region(client: BaseClient, bucket: str) -> str:
    try:
        answer = client.head_bucket(Bucket=bucket)["ResponseMetadata"]
    except ClientError as error:
        answer = error.response["ResponseMetadata"]
        if answer["HTTPStatusCode"] == 404:
            raise StackError(f"there is no bucket {bucket}: BUCKET is a bucket that the stack serves.") from None
        # All else is left to the first object that is put.
    except BotoCoreError as error:
        raise StackError(f"S3 cannot be asked about {bucket}: {error}") from None
    return answer.get("HTTPHeaders", {}).get("x-amz-bucket-region") or client.meta.region_name


def _probe(stack: Stack) -> Answer:
    """A request that the function refuses by itself, without S3."""
    try:
        return stack.ask(f"/{stack.bucket}?torrent")
    except Differs as difference:
        raise StackError(f"{stack.settings.endpoint} cannot be reached: {difference}") from None


def _must_serve(stack: Stack) -> None:
    """Puts the first object, and asks for its torrent."""
    where = f"s3://{stack.bucket}/{stack.settings.folder}"
    try:
        key = stack.plain.key
        answer = stack.ask(stack.path(key))
        if answer.status == 403 and b"does not serve the bucket" in answer.body:
            raise StackError(f"{stack.settings.endpoint} does not serve {stack.bucket}: it is not one of `Buckets`.")
        if answer.status == 403 and stack.credentials is None:
            stack.must_be_public(key)
    except Differs as difference:
        raise StackError(str(difference)) from None
    except (BotoCoreError, ClientError) as error:
        raise StackError(
            f"you cannot put an object into {where}: {error}. You need s3:PutObject, s3:GetObject, s3:DeleteObject and "
            "s3:ListBucket there."
        ) from None
    except NotTried:
        raise StackError(
            f"nobody may read {where} without credentials, so it gets no torrent in public-read mode. Allow "
            f"s3:GetObject for everyone on arn:aws:s3:::{stack.bucket}/{stack.settings.folder}* (see "
            "docs/PUBLISHING.md), or choose a PREFIX that everyone may read."
        ) from None
