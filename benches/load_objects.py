"""The objects that the load asks for, on SeaweedFS; the info hash of each is computed here, from the bytes."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.client import BaseClient

from benches import info_hash
from scripts.stack.seaweedfs import SeaweedFS

BUCKET = "data"


@dataclass(frozen=True)
class Stored:
    """An object, and what its torrent has to be."""

    key: str
    info_hash: str


def store(server: SeaweedFS, folder: str, sizes: Sequence[int], piece_length: int) -> list[Stored]:
    """One object of each size, no two alike."""
    client = server.client()
    stored = []
    for number, size in enumerate(sizes):
        name = f"{number}.bin"
        body = random.Random(f"{folder}/{name}").randbytes(size)
        client.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=body)
        stored.append(Stored(f"{folder}/{name}", info_hash.of_bytes(name.encode(), body, piece_length)))
    return stored


def purge(client: BaseClient, stored: Stored) -> None:
    """Takes its sidecar away: the next request is a first one again."""
    client.delete_object(Bucket=BUCKET, Key=f"{stored.key}.torrent")
