"""The usual hand-written Lambda: one GET with boto3, hashlib piece by piece. A program of its own:
`python -m benches.boto3_loop ENDPOINT BUCKET KEY PIECE_LENGTH` prints what the reading took as JSON, without the start
of Python.
"""

import hashlib
import json
import os
import sys
import time
from dataclasses import asdict

import boto3
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.config import Config

from benches import cpu
from benches.cpu import Usage

CHUNK = 1024 * 1024


def main(endpoint: str, bucket: str, key: str, piece_length: int) -> None:
    """Clients are set up at cold start there too, so they are not counted."""
    config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}, proxies={})
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)
    start, cpu_before = time.monotonic(), time.process_time()
    pieces = hashes(client, bucket, key, piece_length)
    usage = Usage(time.monotonic() - start, time.process_time() - cpu_before, cpu.peak_mib(os.getpid()))
    print(json.dumps({"pieces": hashlib.sha1(pieces).hexdigest(), "usage": asdict(usage)}))


def hashes(client: BaseClient, bucket: str, key: str, piece_length: int) -> bytes:
    """The pieces' SHA-1 hashes, one after the other."""
    pieces, piece, missing = [], hashlib.sha1(), piece_length
    for chunk in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK):
        rest = memoryview(chunk)
        while len(rest) >= missing:
            piece.update(rest[:missing])
            pieces.append(piece.digest())
            rest, piece, missing = rest[missing:], hashlib.sha1(), piece_length
        piece.update(rest)
        missing -= len(rest)
    if missing < piece_length:
        pieces.append(piece.digest())
    return b"".join(pieces)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
