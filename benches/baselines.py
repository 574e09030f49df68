"""What the function's reading is compared with, each with the tools as they are installed and their defaults."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benches import cpu
from benches.cpu import Usage
from benches.objects import MIB
from scripts.stack import metainfo, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.seaweedfs import REGION

RANGE = 8 * MIB
# mktorrent insists on one; nobody asks it.
TRACKER = "http://127.0.0.1:1/announce"


@dataclass(frozen=True)
class Place:
    """An object on a server, the same bytes as a file, and the function's torrent of it."""

    endpoint: str
    bucket: str
    file: Path
    torrent: bytes
    certificate: Path | None = None

    @property
    def url(self) -> str:
        """The object's."""
        return f"{self.endpoint}/{self.bucket}/{self.file.name}"

    @property
    def size(self) -> int:
        """In bytes."""
        return self.file.stat().st_size


def hash_and_fetch(place: Place) -> Usage:
    """`openssl sha1` of the file, and one curl that fetches the object by ranges on one connection."""
    with contextlib.ExitStack() as owner:
        config = temporary.folder(owner, "curl") / "config"
        config.write_text("\nnext\n".join(_ranges(place)), encoding="utf-8")
        hashing = cpu.of_command([tools.installed("openssl"), "sha1", place.file])
        return hashing + cpu.of_command([tools.installed("curl"), "--config", config])


def download_and_mktorrent(place: Place) -> Usage:
    """`aws s3 cp` to the disk, then mktorrent."""
    return _copied(["cp", f"s3://{place.bucket}/{place.file.name}"], place)


def sync_and_mktorrent(place: Place) -> Usage:
    """The same for all objects below the folder's name."""
    return _copied(["sync", f"s3://{place.bucket}/{place.file.name}/"], place)


def mktorrent(place: Place) -> Usage:
    """mktorrent alone, of the file in the page cache."""
    return _mktorrent(place.file, place)


def _copied(command: Sequence[str], place: Place) -> Usage:
    with contextlib.ExitStack() as owner:
        target = temporary.folder(owner, "download") / place.file.name
        options = ["--endpoint-url", place.endpoint, "--region", REGION, "--no-sign-request", "--only-show-errors"]
        return cpu.of_command([tools.pinned("aws"), "s3", *command, target, *options]) + _mktorrent(target, place)


def _ranges(place: Place) -> list[str]:
    ranges = ((start, min(start + RANGE, place.size) - 1) for start in range(0, place.size, RANGE))
    same = f'url = "{place.url}"\noutput = "/dev/null"\nsilent\nshow-error\nfail'
    trust = f'\ncacert = "{place.certificate}"' if place.certificate else ""
    return [f'{same}{trust}\nrange = "{first}-{last}"' for first, last in ranges]


def _mktorrent(file: Path, place: Place) -> Usage:
    """It must come to the same info hash, or the comparison is worth nothing."""
    ours = metainfo.read(place.torrent)
    with contextlib.ExitStack() as owner:
        torrent = temporary.folder(owner, "mktorrent") / "torrent"
        piece_length = str(ours.piece_length.bit_length() - 1)
        options = ["-l", piece_length, "-a", TRACKER, "-o", torrent]
        usage = cpu.of_command([tools.installed("mktorrent"), *options, file])
        theirs = metainfo.read(torrent.read_bytes())
    if theirs.info_hash != ours.info_hash:
        raise StackError(f"mktorrent's info hash of {file.name} is {theirs.info_hash}, the function's {ours.info_hash}")
    return usage
