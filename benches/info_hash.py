"""The info hash of an object, computed by hashlib alone."""

import hashlib


def of_bytes(name: bytes, body: bytes, piece_length: int) -> str:
    """By BEP 3: the SHA-1 of the dictionary of length, name, piece length and the SHA-1 of each piece."""
    starts = range(0, len(body), piece_length)
    pieces = b"".join(hashlib.sha1(body[start : start + piece_length]).digest() for start in starts)
    info = b"d6:lengthi%de4:name%d:%b12:piece lengthi%de6:pieces%d:%be"
    return hashlib.sha1(info % (len(body), len(name), name, piece_length, len(pieces), pieces)).hexdigest()
