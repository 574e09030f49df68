"""Finds out whether a stack can be verified at all. If not, the one message says why, and what to do."""

import http.client
import xml.etree.ElementTree as ElementTree

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.stack.errors import StackError
from scripts.verify import wire
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
    region = _region(client, settings.bucket)
    if region != client.meta.region_name:
        client = session.client("s3", region_name=region, config=config)
    sidecars = (settings.sidecar_bucket, settings.sidecar_prefix)
    return Objects(client, settings.bucket, settings.folder, sidecars)


def stack(settings: Settings, objects: Objects) -> Stack:
    """The stack, if it answers as one and serves the bucket."""
    found = Stack(settings, objects, objects.client.meta.region_name, None)
    first = _probe(found)
    if _wants_signatures(first):
        found.credentials = boto3.Session().get_credentials()
        first = _probe(found)
    if _code(first) != "RequestTorrentOfBucketError":
        raise StackError(
            f"{settings.endpoint} does not answer as get-object-torrent: it should refuse the torrent of a bucket with "
            f"RequestTorrentOfBucketError, and says {first}. ENDPOINT is the stack's output Endpoint."
        )
    found.seconds["the first request"].append(first.seconds)
    _must_serve(found)
    return found


def _region(client: BaseClient, bucket: str) -> str:
    try:
        headers = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        answer = error.response["ResponseMetadata"]
        headers = answer.get("HTTPHeaders", {})
        if answer["HTTPStatusCode"] == 404:
            raise StackError(f"there is no bucket {bucket}: BUCKET is a bucket that the stack serves.") from None
        # All else is left to the first object that is put.
    except BotoCoreError as error:
        raise StackError(f"S3 cannot be asked about {bucket}: {error}") from None
    return headers.get("x-amz-bucket-region") or client.meta.region_name


def _probe(stack: Stack) -> Answer:
    """A request that the function refuses by itself, without S3."""
    try:
        url = f"{stack.settings.endpoint}/{stack.bucket}?torrent"
        return wire.ask(url, headers=stack.signature("GET", url))
    except (OSError, http.client.HTTPException) as error:
        raise StackError(f"{stack.settings.endpoint} cannot be reached: {error!r}") from None


def _wants_signatures(answer: Answer) -> bool:
    return answer.status in (401, 403) and "MissingAuthenticationToken" in answer.header("x-amzn-errortype")


def _must_serve(stack: Stack) -> None:
    """Puts the first object, and asks for its torrent."""
    try:
        key = stack.plain.key
    except (BotoCoreError, ClientError) as error:
        raise StackError(
            f"you cannot put an object into s3://{stack.bucket}/{stack.settings.folder}: {error}. You need "
            "s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket there."
        ) from None
    try:
        answer = stack.ask(stack.path(key))
    except Differs as difference:
        raise StackError(str(difference)) from None
    if answer.status != 403:
        return
    if b"does not serve the bucket" in answer.body:
        raise StackError(f"{stack.settings.endpoint} does not serve {stack.bucket}: it is not one of `Buckets`.")
    if stack.credentials is None:
        try:
            stack.must_be_public(key)
        except NotTried:
            raise StackError(
                f"nobody may read s3://{stack.bucket}/{key} without credentials, so it gets no torrent in public-read "
                f"mode. Allow s3:GetObject for everyone on arn:aws:s3:::{stack.bucket}/{stack.settings.folder}* (see "
                "docs/PUBLISHING.md), or choose a PREFIX that everyone may read."
            ) from None


def _code(answer: Answer) -> str | None:
    try:
        return ElementTree.fromstring(answer.body).findtext("Code")
    except ElementTree.ParseError:
        return None
