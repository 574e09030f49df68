"""Folders of files: on disk, as objects of a bucket, and as torrents of other tools."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree
from botocore.client import BaseClient
from store import random_bytes

from scripts.stack import metainfo


def write(root: Path, lengths: Mapping[str, int]) -> Path:
    """Files of these lengths below `root`, by their paths. No two have the same bytes."""
    for number, (path, length) in enumerate(lengths.items()):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(random_bytes(length, seed=number))
    return root


def upload(client: BaseClient, root: Path, bucket: str, prefix: str) -> None:
    """Puts every file of `root` below `prefix`, several at a time."""

    def put(path: Path) -> None:
        key = f"{prefix}{path.relative_to(root).as_posix()}"
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, _files(root)))


def digests(root: Path) -> dict[str, str]:
    """The SHA-1 of each file, by its path."""
    return {path.relative_to(root).as_posix(): hashlib.sha1(path.read_bytes()).hexdigest() for path in _files(root)}


def info_hash(root: Path, piece_length: int, folder: Path) -> str:
    """The info hash that libtorrent gives the folder, with its files in the order of their paths' bytes."""
    output = folder / "by-libtorrent.torrent"
    tree.with_libtorrent(root, piece_length, output)
    return metainfo.read(output.read_bytes()).info_hash


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
