"""What is in a `.torrent`, as libtorrent reads it."""

from dataclasses import dataclass
from pathlib import Path

import libtorrent


@dataclass(frozen=True)
class Contents:
    """A torrent's contents."""

    name: str
    # Without the torrent's own folder; none in a torrent of one file.
    files: tuple[str, ...]
    length: int
    piece_length: int
    piece_count: int
    info_hash: str
    web_seeds: tuple[str, ...]
    trackers: tuple[str, ...]


def read(torrent: bytes) -> Contents:
    """The contents, of bytes that libtorrent accepts."""
    params = libtorrent.load_torrent_buffer(torrent)
    info = params.ti
    layout = info.layout()
    name, *path = Path(layout.file_path(0)).parts
    paths = [layout.file_path(index) for index in range(layout.num_files())] if path else []
    return Contents(
        name=name,
        files=tuple(path.removeprefix(f"{name}/") for path in paths),
        length=info.total_size(),
        piece_length=info.piece_length(),
        piece_count=info.num_pieces(),
        info_hash=str(info.info_hashes().v1),
        web_seeds=tuple(params.url_seeds),
        trackers=tuple(params.trackers),
    )
