"""The clients, each as its users run it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from scripts.stack import tools
from scripts.stack.seaweedfs import REGION, Credentials

# No test waits longer for a client.
CLIENT_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


ONCE = {"total_max_attempts": 1}


def boto(endpoint: str, retries: dict[str, int] | None = ONCE) -> BaseClient:
    """boto3 with a user's own account, which the function neither needs nor sees; `None` for its own retries."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="ANYBODY",
        aws_secret_access_key="anything",
        config=Config(retries=retries, proxies={}),
    )


def boto_torrent(endpoint: str, bucket: str, key: str, **options: str) -> bytes:
    """GetObjectTorrent by boto3."""
    return boto(endpoint).get_object_torrent(Bucket=bucket, Key=key, **options)["Body"].read()


def cli(endpoint: str, bucket: str, key: str, output: Path) -> subprocess.CompletedProcess[str]:
    """`aws s3api get-object-torrent`."""
    options = ["--no-sign-request", "--region", REGION, "--endpoint-url", endpoint]
    command = [tools.pinned("aws"), "s3api", "get-object-torrent", *options]
    return run([*command, "--bucket", bucket, "--key", key, output], env=dict(tools.environment()))


def cli_upload(endpoint: str, credentials: Credentials, file: Path, target: str, *options: str) -> None:
    """`aws s3 cp` with its own defaults."""
    command = [tools.pinned("aws"), "s3", "cp", "--region", REGION, "--endpoint-url", endpoint, *options]
    ran = run([*command, file, target], env=dict(tools.environment(**credentials.environment())))
    assert ran.returncode == 0, ran.stderr


def rust(client: Path, endpoint: str, bucket: str, key: str, output: Path) -> None:
    """aws-sdk-s3's own call, in examples/get_object_torrent.rs."""
    account = {"AWS_ACCESS_KEY_ID": "ANYBODY", "AWS_SECRET_ACCESS_KEY": "anything", "AWS_REGION": REGION}
    ran = run([client, endpoint, bucket, key, output], env=dict(tools.environment(**account)))
    assert ran.returncode == 0, ran.stderr


def curl(url: str, folder: Path, *options: str) -> Answer:
    """curl; with `--path-as-is`, as it would resolve `..` itself."""
    headers, body = folder / "headers", folder / "body"
    body.unlink(missing_ok=True)
    command = [tools.installed("curl"), "--silent", "--show-error", "--path-as-is"]
    ran = run([*command, "--dump-header", headers, "--output", body, *options, url])
    assert ran.returncode == 0, ran.stderr
    status, *fields = headers.read_text(encoding="latin-1").strip().splitlines()
    pairs = (field.split(":", 1) for field in fields)
    named = {name.lower(): value.strip() for name, value in pairs}
    return Answer(int(status.split()[1]), named, body.read_bytes() if body.exists() else b"")


def torrent_url(endpoint: str, bucket: str, key: str, query: str = "torrent") -> str:
    """The REST form, the key encoded as the AWS SDKs do."""
    return f"{endpoint}/{bucket}/{quote(key, safe='/~')}?{query}"


def run(command: list[str | Path], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Any program, with its output."""
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False)
