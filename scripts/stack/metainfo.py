"""What is in a `.torrent`, as libtorrent reads it."""

from dataclasses import dataclass

import libtorrent


@dataclass(frozen=True)
class Contents:
    """A single-file torrent's contents."""

    name: str
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
    return Contents(
        name=info.layout().file_name(0),
        length=info.total_size(),
        piece_length=info.piece_length(),
        piece_count=info.num_pieces(),
        info_hash=str(info.info_hashes().v1),
        web_seeds=tuple(params.url_seeds),
        trackers=tuple(params.trackers),
    )
