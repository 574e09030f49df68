"""Objects of random bytes for the benchmarks."""

import contextlib
import os
from pathlib import Path

from boto3.s3.transfer import TransferConfig

from scripts.stack import temporary
from scripts.stack.seaweedfs import SeaweedFS

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
BLOCK = 16 * MIB


def write(path: Path, size: int) -> Path:
    """Writes a file of `size` random bytes, which leaves it in the page cache."""
    with path.open("wb") as file:
        for start in range(0, size, BLOCK):
            file.write(os.urandom(min(BLOCK, size - start)))
    return path


def upload(server: SeaweedFS, path: Path, bucket: str, key: str = "") -> None:
    """The file as an object of its name, or with `key`."""
    parts = TransferConfig(multipart_chunksize=64 * MIB, max_concurrency=4)
    server.client().upload_file(str(path), bucket, key or path.name, Config=parts)


def on_seaweedfs(owner: contextlib.ExitStack, bucket: str, key: str, size: int) -> SeaweedFS:
    """Starts a server with one object that anyone may read."""
    server = SeaweedFS(owner)
    server.create_bucket(bucket, public=True)
    with contextlib.ExitStack() as upload_owner:
        upload(server, write(temporary.folder(upload_owner, "objects") / key, size), bucket)
    return server
