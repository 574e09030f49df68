"""Objects of the tests."""

import random

from botocore.client import BaseClient

from scripts.stack.roles import Role
from scripts.stack.seaweedfs import Credentials, Identity, SeaweedFS

OPEN = "open-data"
# Anyone may also list it.
LISTED = "listed-data"
PRIVATE = "private-data"
VERSIONED = "versioned-data"
# Served, but not there.
ABSENT = "absent-bucket"
# Of the web seeds.
SEED_HOSTS = ("127.0.0.1", "localhost")

# Reads objects, and may neither list nor write.
READER = Credentials("READERACCESSKEY", "secret-of-the-local-reader")
# May do nothing with objects of the tests.
STRANGER = Credentials("STRANGERACCESSKEY", "secret-of-the-local-stranger")
IDENTITIES = (
    Identity("reader", READER, ("Read",)),
    Identity("stranger", STRANGER, ("Read:another-bucket",)),
)

# What temporary credentials are of: the first reads the private bucket, the second another one.
READING = Role("Reading", PRIVATE, ("s3:GetObject",))
READING_ELSEWHERE = Role("ReadingElsewhere", "another-bucket", ("s3:GetObject",))
ROLES = (READING, READING_ELSEWHERE)

KIB, MIB = 1024, 1024**2

# Uploaded with SHA-1 checksums: the number and the size of the parts.
HUGE = {"huge.bin": (10_000, 8 * MIB)}


def random_bytes(length: int, seed: int = 0) -> bytes:
    """Bytes that look random, the same in every run."""
    return random.Random(seed).randbytes(length)


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

    def web_seeds(self, path: str) -> tuple[str, ...]:
        """Those that the functions of the tests name."""
        return tuple(f"http://{host}:{self.server.port}/{path}" for host in SEED_HOSTS)

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
