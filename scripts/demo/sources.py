"""What is served: a file, and a folder whose files get one torrent. Both are checked before anything starts."""

import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.stack import tools
from scripts.stack.errors import StackError

# What S3 and torrents allow, and the function's default MAX_COLLECTION_OBJECTS.
MAX_KEY_BYTES, MAX_NAME_BYTES, MAX_FILES = 1_024, 255, 10_000


class UsageError(StackError):
    """What was chosen cannot be."""


@dataclass(frozen=True)
class Source:
    """A file or a folder, the key to ask for, and the files by their own keys."""

    path: Path
    key: str
    files: Mapping[str, Path]

    @property
    def is_folder(self) -> bool:
        """Whether it gets the torrent of a collection."""
        return self.key.endswith("/")

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(file.stat().st_size for file in self.files.values())


def file(chosen: str | None) -> Source:
    """FILE. A fault is a `UsageError` of one line, as it is for a folder."""
    # The default is in every checkout that is set up, the same everywhere, and spans a hundred pieces.
    path = Path(chosen).expanduser() if chosen else tools.pinned("cargo-lambda")
    try:
        with path.open("rb") as opened:
            is_empty = not opened.read(1)
        path.name.encode()
    except OSError as error:
        raise UsageError(f"FILE={path} cannot be read: {error.strerror}") from error
    except UnicodeEncodeError as error:
        raise UsageError(f"FILE={path!r}: a name that is not UTF-8 cannot be a key of S3") from error
    if is_empty:
        raise UsageError(f"FILE={path} is empty: no BitTorrent client accepts an empty torrent")
    return Source(path, path.name, {path.name: path})


def folder(chosen: str | None) -> Source:
    """DIR, with all files in it and in its folders. Links to folders are not followed."""
    path = Path(chosen).expanduser() if chosen else tools.ROOT / "docs"
    root = path.resolve()
    try:
        files = {f"{root.name}/{each.relative_to(root).as_posix()}": each for each in _files(root)}
        size = Source(path, "", files).size
    except OSError as error:
        raise UsageError(f"DIR={path}: {error.filename} cannot be read: {error.strerror}") from error
    for key in files:
        if fault := _fault(key):
            raise UsageError(f"DIR={path}: the name {key!r} {fault}: rename it, or choose another folder")
    if not root.name or not size:
        raise UsageError(f"DIR={path} has no name or no file with content: choose a folder with both")
    if len(files) > MAX_FILES:
        raise UsageError(f"DIR={path} has {len(files):,} files, at most {MAX_FILES:,} get one torrent: choose another")
    return Source(path, f"{root.name}/", files)


def _files(root: Path) -> Iterator[Path]:
    for place, _, names in os.walk(root, onerror=_raise):
        for name in names:
            each = Path(place, name)
            if each.is_file():
                each.open("rb").close()
                yield each


def _raise(error: OSError) -> None:
    raise error


def _fault(key: str) -> str | None:
    """Why clients could not ask S3 for the key, or could not store the file. `.` and `..` are no names of files."""
    try:
        longest = max(len(name.encode()) for name in key.split("/"))
    except UnicodeEncodeError:
        return "is not UTF-8"
    if any(character == "\\" or unicodedata.category(character) == "Cc" for character in key):
        return "has a backslash or a control character"
    if longest > MAX_NAME_BYTES or len(key.encode()) > MAX_KEY_BYTES:
        return "is too long"
    return None
