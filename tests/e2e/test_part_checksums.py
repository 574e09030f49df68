"""Files as the AWS tools upload them with SHA-1 checksums: their torrents are made without reading them."""

import json
from collections.abc import Callable
from pathlib import Path

import clients
import pytest
from functions import Functions
from store import HUGE, MIB, OPEN, PRIVATE, random_bytes

from benches.load_requests import info_hash
from scripts.stack import metainfo
from scripts.stack.function import Function
from scripts.stack.test_s3 import Server

# The tools' own default.
PART_SIZE = 8 * MIB
# Two parts and a little one.
LENGTH = 16 * MIB + 3

Uploader = Callable[[Server, Path, str, str, str], None]


def by_cli(s3: Server, file: Path, bucket: str, key: str, algorithm: str) -> None:
    """`aws s3 cp`."""
    options = ["--checksum-algorithm", algorithm]
    clients.cli_upload(s3.endpoint, s3.credentials, file, f"s3://{bucket}/{key}", *options)


def by_boto(s3: Server, file: Path, bucket: str, key: str, algorithm: str) -> None:
    """boto3's `upload_file`."""
    s3.client().upload_file(str(file), bucket, key, {"ChecksumAlgorithm": algorithm})


def ask(function: Function, bucket: str, key: str, folder: Path) -> tuple[str, metainfo.Contents, dict[str, object]]:
    """The origin, the contents, and the line that the function has logged about it."""
    answer = clients.curl(clients.torrent_url(function.endpoint, bucket, key), folder)
    assert answer.status == 200, answer.body
    lines = [json.loads(line) for line in function.log.read_text(encoding="utf-8").splitlines()]
    contents = metainfo.read(answer.body)
    return answer.headers["x-torrent-origin"], contents, [line for line in lines if line["message"] == "request"][-1]


@pytest.mark.parametrize(
    ("upload", "algorithm", "access", "bucket"),
    [
        (by_cli, "SHA1", "public-read", OPEN),
        (by_boto, "SHA1", "function-role", PRIVATE),
        (by_boto, "SHA256", "public-read", OPEN),
    ],
)
def test_a_file_uploaded_with_sha1_is_not_read_and_any_other_is(
    upload: Uploader, algorithm: str, access: str, bucket: str, s3_functions: Functions, s3: Server, folder: Path
) -> None:
    file, key = folder / "movie.mkv", f"{upload.__name__}-{algorithm}/movie.mkv"
    file.write_bytes(random_bytes(LENGTH))
    upload(s3, file, bucket, key, algorithm)
    function = s3_functions.start(s3.credentials, ACCESS=access)
    origin, contents, line = ask(function, bucket, key, folder)
    if algorithm == "SHA1":
        assert (origin, line["bytes_read"], contents.piece_length) == ("part-checksums", 0, PART_SIZE)
    else:
        assert (origin, line["bytes_read"], contents.piece_length) == ("object", LENGTH, MIB // 4)
    expected = info_hash(file.name.encode(), file.read_bytes(), contents.piece_length)
    assert (contents.length, contents.info_hash) == (LENGTH, expected)
    assert ask(function, bucket, key, folder)[:2] == ("sidecar", contents)


def test_ten_thousand_parts_take_thirteen_requests(s3_functions: Functions, s3: Server, folder: Path) -> None:
    [(key, shape)] = HUGE.items()
    origin, contents, line = ask(s3_functions.start(s3.credentials), OPEN, key, folder)
    assert (origin, line["bytes_read"]) == ("part-checksums", 0)
    # HEAD, ten pages of parts, and the sidecar looked for and written.
    assert line["s3_requests"] <= 13
    assert (contents.piece_count, contents.piece_length) == shape
