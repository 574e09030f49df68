"""The stack that is verified: its endpoint, a bucket that it serves, and what is known of both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

import boto3
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from scripts.verify import judge, wire
from scripts.verify.judge import Torrent
from scripts.verify.objects import Object, Objects, random_bytes
from scripts.verify.outcome import NotTried
from scripts.verify.wire import Answer

PATH_STYLE = {"addressing_style": "path"}


@dataclass(frozen=True)
class Settings:
    """What the operator asks for."""

    endpoint: str
    bucket: str
    folder: str
    # Bytes of an object for a job, and requests at once; 0 for neither.
    job_size: int = 0
    burst: int = 0
    # An announce URL of the stack's own tracker, if its host does not tell.
    tracker: str = ""
    # What the operator has turned off: part-checksums, collections.
    without: frozenset[str] = frozenset()
    sidecar_bucket: str = ""
    sidecar_prefix: str = ""


@dataclass
class Stack:
    """A stack that answers."""

    settings: Settings
    objects: Objects
    region: str
    # If the API wants signatures (AWS_IAM).
    credentials: Credentials | None
    # Of the answer that may have started the function.
    first_seconds: float = 0
    # Every x-torrent-origin that was seen.
    origins: set[str] = field(default_factory=set)

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.settings.bucket

    def path(self, key: str) -> str:
        """The path of an object's torrent."""
        return f"/{self.bucket}/{quote(key, safe='/~')}?torrent"

    def ask(self, target: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
        """Sends a request to the endpoint, signed if it must be."""
        url = self.settings.endpoint + target
        return wire.ask(url, method, {**(headers or {}), **self.signature(method, url)})

    def get(self, of: Object, headers: Mapping[str, str] | None = None) -> Answer:
        """Asks for an object's torrent."""
        answer = self.ask(self.path(of.key), headers=headers)
        self.origins.add(answer.header("x-torrent-origin"))
        return answer

    def signature(self, method: str, url: str) -> dict[str, str]:
        """The headers that sign a request for API Gateway, if it wants them."""
        if self.credentials is None:
            return {}
        named = re.search(r"\.execute-api\.([a-z0-9-]+)\.", url)
        request = AWSRequest(method, url)
        SigV4Auth(self.credentials, "execute-api", named[1] if named else self.region).add_auth(request)
        return dict(request.headers.items())

    @cached_property
    def plain(self) -> Object:
        """An object of several pieces, which most checks share."""
        return self.objects.put("plain.bin", random_bytes("plain", 600_000))

    @cached_property
    def torrent(self) -> Torrent:
        """The torrent of that object."""
        return judge.torrent(self.get(self.plain), self.plain)

    @cached_property
    def anonymous(self) -> BaseClient:
        """S3 as anyone sees it."""
        meta = self.objects.client.meta
        config = Config(signature_version=UNSIGNED, s3=PATH_STYLE)
        return boto3.client("s3", region_name=self.region, endpoint_url=meta.endpoint_url, config=config)

    def stores_elsewhere(self) -> bool:
        """Whether an answer came from a sidecar that lies at no place of this run."""
        return "sidecar" in self.origins and not self.objects.sidecars()

    def must_be_public(self, key: str) -> None:
        """What anyone may not read gets no torrent, and serves no web seed."""
        try:
            self.anonymous.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise NotTried(f"nobody may read that key without credentials (S3 answers {status})") from None
