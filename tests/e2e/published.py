"""Data that are published as docs/PUBLISHING.md says, with the page on an origin of its own."""

import contextlib
import os
import subprocess
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

from botocore.client import BaseClient
from clients import torrent_url
from functions import Functions

from scripts import web
from scripts.stack import temporary, tools
from scripts.stack.ports import LOOPBACK
from scripts.stack.runtime_api import Handler, serve
from scripts.stack.seaweedfs import ADMIN, REGION, SeaweedFS

BUCKET = "published-data"


@dataclass(frozen=True)
class Published:
    """A bucket, the function that serves it, and the folder from which the page comes."""

    server: SeaweedFS
    functions: Functions
    folder: Path
    origin: str

    @property
    def client(self) -> BaseClient:
        """boto3's, of the bucket's owner."""
        return self.server.client()

    def endpoint(self, **variables: str) -> str:
        """The function, with the bucket as the one web seed."""
        seeds = f"http://{LOOPBACK}:{self.server.port}/{{bucket}}/{{key}}"
        return self.functions.start(**{"BUCKETS": BUCKET, "WEB_SEEDS": seeds, **variables}).endpoint

    def put(self, key: str, body: bytes) -> None:
        """Puts an object."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def page(self, key: str, endpoint: str | None = None, bucket: str = BUCKET) -> str:
        """The page of an object, put together for this endpoint."""
        web.assemble(self.folder, endpoint or self.endpoint())
        return f"{self.origin}/index.html#{bucket}/{quote(key)}"

    def bare(self, key: str, endpoint: str) -> str:
        """WebTorrent alone, which is told to download this object."""
        web.assemble(self.folder, endpoint)
        for name in ("bare.html", "bare.js"):
            (self.folder / name).write_bytes((tools.ROOT / "tests" / "e2e" / "web" / name).read_bytes())
        return f"{self.origin}/bare.html#{torrent_url(endpoint, BUCKET, key)}"

    def advice(self) -> list[str]:
        """The commands that `make web` prints."""
        return [line for line in web.advice(self.folder, BUCKET).splitlines() if line.startswith("  aws ")]

    def run(self, command: str, folder: Path | None = None) -> None:
        """Runs a command that a person was told to run, as the bucket's owner, whose settings are in `folder`."""
        tool_path = f"{tools.pinned('aws').parent}:{os.environ['PATH']}"
        account = {**ADMIN.environment(), "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.server.endpoint}
        if folder:
            account["AWS_CONFIG_FILE"] = str(folder / "aws-config")
        env = tools.environment(PATH=tool_path, **account)
        ran = subprocess.run(
            ["sh", "-c", command], env=dict(env), cwd=folder, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr

    def allow(self, *headers: str, origin: str = "*") -> None:
        """Sets another CORS rule than the right one."""
        rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET"], "AllowedHeaders": list(headers)}
        self.client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})


def publish(owner: contextlib.ExitStack, server: SeaweedFS, functions: Functions) -> Published:
    """Makes the bucket, and starts a server for the page."""
    server.create_bucket(BUCKET)
    folder = temporary.folder(owner, "page") / "web"
    handler = type("_Files", (_Files,), {"folder": str(folder)})
    return Published(server, functions, folder, f"http://{serve(owner, handler)}")


class _Files(Handler, SimpleHTTPRequestHandler):
    """Serves the folder of the page, which tests make anew: nothing of it may be cached."""

    folder: str

    def translate_path(self, path: str) -> str:
        """In that folder, not in the one that this process is in."""
        self.directory = self.folder
        return super().translate_path(path)

    def end_headers(self) -> None:
        """Adds a header to each answer."""
        self.send_header("cache-control", "no-store")
        super().end_headers()
