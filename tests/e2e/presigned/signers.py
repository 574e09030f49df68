"""Presigned GetObject URLs, by the signers people have."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import clients
from clients import Answer

from scripts.stack import tools
from scripts.stack.seaweedfs import REGION, Credentials


@dataclass(frozen=True)
class Signer:
    """Someone with an access key of the S3 server at `endpoint`."""

    endpoint: str
    credentials: Credentials
    rust: Path
    region: str = REGION

    def boto3(self, bucket: str, key: str, version: str | None = None) -> str:
        """boto3, told to sign by version 4."""
        return self._boto3("s3v4", bucket, key, version)

    def boto3_default(self, bucket: str, key: str, version: str | None = None) -> str:
        """boto3 left alone: version 2 in `REGION`, version 4 in regions that opened later."""
        return self._boto3(None, bucket, key, version)

    def cli(self, bucket: str, key: str) -> str:
        """`aws s3 presign`, which knows no versions."""
        options = ["--region", self.region, "--endpoint-url", self.endpoint]
        return self._printed([tools.pinned("aws"), "s3", "presign", f"s3://{bucket}/{key}", *options])

    def rust_sdk(self, bucket: str, key: str, version: str | None = None) -> str:
        """examples/presign.rs."""
        return self._printed([self.rust, self.endpoint, bucket, key, *([version] if version else [])])

    def _boto3(
        self,
        signature: str | None,
        bucket: str,
        key: str,
        version: str | None,
    ) -> str:
        client = self.credentials.client(self.endpoint, region=self.region, signature_version=signature)
        parameters = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        return client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=600)

    def _printed(self, command: list[str | Path]) -> str:
        env = dict(tools.environment(AWS_REGION=self.region, **self.credentials.environment()))
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
        return ran.stdout.strip()


SIGNERS: dict[str, Callable[..., str]] = {
    "boto3": Signer.boto3,
    "boto3-default": Signer.boto3_default,
    "aws-s3-presign": Signer.cli,
    "rust-sdk": Signer.rust_sdk,
}


def ask(
    endpoint: str, bucket: str, key: str, url: str, folder: Path, *options: str, version: str | None = None
) -> Answer:
    """GetObjectTorrent with a presigned URL, by curl."""
    query = f"torrent&presigned={quote(url, safe='')}" + (f"&versionId={version}" if version else "")
    return clients.curl(clients.torrent_url(endpoint, bucket, key, query), folder, *options)
