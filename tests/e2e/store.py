"""Objects of the tests."""

import random
from collections.abc import Iterator
from pathlib import Path

from botocore.client import BaseClient

from scripts.stack.roles import Role
from scripts.stack.seaweedfs import Credentials, Identity, SeaweedFS

OPEN = "open-data"
# Anyone may also list it.
LISTED = "listed-data"
PRIVATE = "private-data"
VERSIONED = "versioned-data"
# Anyone may read it, until a test changes that.
TURNING_PRIVATE = "turning-private"
# Holds sidecars only.
TORRENTS = "torrents-only"
# Served, but not there.
ABSENT = "absent-bucket"

# Reads objects, and may neither list nor write.
READER = Credentials("READERACCESSKEY", "secret-of-the-local-reader")
# May do nothing with objects of the tests.
STRANGER = Credentials("STRANGERACCESSKEY", "secret-of-the-local-stranger")
# The role of the job's second function: it neither lists nor, where all may be read, reads objects.
HASHER = Credentials("HASHERACCESSKEY", "secret-of-the-local-hasher")
FRAGMENT_WRITER = Credentials("FRAGMENTACCESSKEY", "secret-of-the-local-fragment-writer")
IDENTITIES = (
    Identity("reader", READER, ("Read",)),
    Identity("hasher", HASHER, ("Read", "Write")),
    Identity("fragment-writer", FRAGMENT_WRITER, (f"Read:{TORRENTS}", f"Write:{TORRENTS}")),
    Identity("stranger", STRANGER, ("Read:another-bucket",)),
)

# What temporary credentials are of: the first reads the private bucket, the second another one.
READING = Role("Reading", PRIVATE, ("s3:GetObject",))
READING_ELSEWHERE = Role("ReadingElsewhere", "another-bucket", ("s3:GetObject",))
ROLES = (READING, READING_ELSEWHERE)

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4

# On the S3 of the Rust tests. Piece lengths by length in bytes, which is the key too. libtorrent 2.1 loads no larger
# file than the last but one (16 TiB less 16 KiB and a byte); the last is S3's largest object.
LARGE = {
    5 * GIB: 4 * MIB,
    TIB: 16 * MIB,
    5 * TIB: 32 * MIB,
    17_592_186_028_031: 128 * MIB,
    53_687_091_200_000: 256 * MIB,
}
# Uploaded with SHA-1 checksums: the number and the size of the parts.
HUGE = {"huge.bin": (10_000, 8 * MIB)}


def random_bytes(length: int, seed: int = 0) -> bytes:
    """Bytes that look random, the same in every run."""
    return random.Random(seed).randbytes(length)


def write_large(path: Path, length: int) -> None:
    """A large file no MiB of which is like another, without holding it."""
    with path.open("wb") as file:
        for block in _blocks(length):
            file.write(block)


def _blocks(length: int) -> Iterator[bytes]:
    for start in range(0, length, MIB):
        yield _block(start // MIB)[: length - start]


def _block(number: int) -> bytes:
    return number.to_bytes(8, "big") + _BODY


_BODY = random_bytes(MIB - 8)


class Store:
    """Puts objects, as their owner, below a prefix of the test's own."""

    def __init__(self, server: SeaweedFS, prefix: str) -> None:
        self.server = server
        self.client: BaseClient = server.client()
        self._prefix = prefix

    def key(self, name: str) -> str:
        """The key of `name` in this test."""
        return f"{self._prefix}/{name}"

    def put(self, name: str, body: bytes, bucket: str = OPEN, **options: object) -> str:
        """Puts an object, and returns its key."""
        key = self.key(name)
        self.client.put_object(Bucket=bucket, Key=key, Body=body, **options)
        return key

    def put_at(self, key: str, body: bytes, bucket: str = OPEN) -> None:
        """Puts an object at exactly `key`."""
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, key: str, bucket: str = OPEN) -> dict[str, object]:
        """GetObject's answer, with the bytes under `bytes`."""
        answer = self.client.get_object(Bucket=bucket, Key=key)
        return {**answer, "bytes": answer["Body"].read()}

    def listed(self, bucket: str = OPEN) -> list[str]:
        """The keys of this test that are there."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{self._prefix}/")
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
