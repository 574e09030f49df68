"""The objects that a run puts into the bucket, and how they are removed again."""

import base64
import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

MIB = 1024 * 1024
# Parts of an object for a job are copied by S3 from this much, so that little is uploaded.
SOURCE, COPIED = 80 * MIB, 64 * MIB
Place = tuple[str, str]


@dataclass(frozen=True)
class Object:
    """An object in the bucket, with its bytes."""

    key: str
    blocks: Sequence[bytes | memoryview]
    modified: int = 0
    version: str | None = None

    @property
    def length(self) -> int:
        """In bytes."""
        return sum(map(len, self.blocks))

    @property
    def body(self) -> bytes:
        """All its bytes."""
        return b"".join(self.blocks)


def random_bytes(seed: str, length: int) -> bytes:
    """Bytes that look random. In every run they are the same, and so are the info hashes that a tracker keeps."""
    return random.Random(seed).randbytes(length)


class Objects:
    """The objects of one run. They lie below `folder`, or below a slash and `folder`."""

    def __init__(self, client: BaseClient, bucket: str, folder: str, sidecar_bucket: str, sidecar_prefix: str) -> None:
        self.client = client
        self.bucket = bucket
        self.folder = folder
        before = f"{sidecar_prefix}{bucket}/" if sidecar_bucket else sidecar_prefix
        stores = ((bucket, ""), (sidecar_bucket or bucket, before))
        # Buckets, and the beginnings of all keys there that belong to this run.
        self.places: list[Place] = list(
            dict.fromkeys((store, f"{prefix}{slash}{folder}") for store, prefix in stores for slash in ("", "/"))
        )
        self._uploads: list[dict[str, Any]] = []
        self.keys: set[str] = set()

    def put(self, name: str, body: bytes, *, before: str = "") -> Object:
        """Puts an object at `before`, the folder and `name`."""
        key = f"{before}{self.folder}{name}"
        self.keys.add(key)
        return self._put(key, [body], self.client.put_object(Bucket=self.bucket, Key=key, Body=body))

    def put_in_parts(self, name: str, parts: Sequence[bytes]) -> Object:
        """Uploads an object in parts, each with its SHA-1."""

        def upload(target: dict[str, Any], part: bytes) -> dict[str, Any]:
            digest = base64.b64encode(hashlib.sha1(part).digest()).decode()
            sent = self.client.upload_part(**target, Body=part, ChecksumSHA1=digest)
            return {"ETag": sent["ETag"], "ChecksumSHA1": digest}

        return self._multipart(name, parts, upload, ChecksumAlgorithm="SHA1")

    def put_copied(self, name: str, length: int) -> Object:
        """A large object. At most 80 MiB are uploaded, and its parts are overlapping ranges of those."""
        source = self.put(f"{name}.source", random_bytes(name, min(length, SOURCE)))
        origin, view = {"Bucket": self.bucket, "Key": source.key}, memoryview(source.body)

        def copy(target: dict[str, Any], part: memoryview) -> dict[str, Any]:
            start = _start(target["PartNumber"])
            wanted = f"bytes={start}-{start + len(part) - 1}"
            copied = self.client.upload_part_copy(**target, CopySource=origin, CopySourceRange=wanted)
            return {"ETag": copied["CopyPartResult"]["ETag"]}

        lengths = [min(COPIED, length - at) for at in range(0, length, COPIED)]
        parts = [view[_start(number) :][:size] for number, size in enumerate(lengths, 1)]
        return self._multipart(name, parts, copy)

    def sidecars(self) -> list[str]:
        """The keys that lie at the places of this run, and that it did not put there."""
        found = [key for place in self.places for key, _ in self._listed(place)]
        return [key for key in found if key not in self.keys]

    def remove(self) -> list[str]:
        """Removes everything that lies at the places of this run, and says what it had to leave."""
        left = []
        for upload in self._uploads:
            try:
                self.client.abort_multipart_upload(**upload)
            except (BotoCoreError, ClientError) as error:
                left.append(f"the unfinished upload of s3://{upload['Bucket']}/{upload['Key']} ({error})")
        for place in self.places:
            try:
                for key, version in list(self._listed(place)):
                    self.client.delete_object(Bucket=place[0], Key=key, **version)
            except (BotoCoreError, ClientError) as error:
                url = f"s3://{'/'.join(place)}"
                left.append(f"objects below {url} ({error}): aws s3 rm --recursive {url}")
        return left

    def _put(self, key: str, blocks: Sequence[bytes | memoryview], answer: dict[str, Any]) -> Object:
        modified = self.client.head_object(Bucket=self.bucket, Key=key)["LastModified"]
        return Object(key, blocks, int(modified.timestamp()), answer.get("VersionId"))

    def _multipart(self, name: str, parts: Sequence, send: Callable, **options: str) -> Object:
        key = self.folder + name
        target = {"Bucket": self.bucket, "Key": key}
        target["UploadId"] = self.client.create_multipart_upload(**target, **options)["UploadId"]
        self._uploads.append(target)
        self.keys.add(key)
        numbers = [{"PartNumber": number} for number in range(1, len(parts) + 1)]
        sent = [number | send(target | number, part) for number, part in zip(numbers, parts, strict=True)]
        done = self.client.complete_multipart_upload(**target, MultipartUpload={"Parts": sent})
        self._uploads.remove(target)
        return self._put(key, parts, done)

    def _listed(self, place: Place) -> Iterator[tuple[str, dict[str, str]]]:
        """Keys with their versions, or without them if versions may not be listed."""
        where = {"Bucket": place[0], "Prefix": place[1]}
        try:
            pages = list(self.client.get_paginator("list_object_versions").paginate(**where))
        except ClientError:
            pages = list(self.client.get_paginator("list_objects_v2").paginate(**where))
        for page in pages:
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", []), *page.get("Contents", [])]:
                version = entry.get("VersionId", "null")
                # To delete a version needs a right of its own. The only one of a bucket without versions does not.
                yield entry["Key"], {} if version == "null" else {"VersionId": version}


def _start(part: int) -> int:
    """Where a part is copied from. No part is like its neighbours, so their order shows."""
    return (part - 1) % 16 * MIB
