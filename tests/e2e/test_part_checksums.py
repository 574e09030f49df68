"""Files as the AWS tools upload them with SHA-1 checksums: their torrents are made without reading them."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import clients
import pytest
from functions import Functions
from store import HUGE, MIB, OPEN, PRIVATE, write_large

from benches import info_hash as by_hashlib
from scripts.stack import metainfo, temporary
from scripts.stack.function import Function
from scripts.stack.test_s3 import Server

# The tools' own default.
PART_SIZE = 8 * MIB
LENGTH = 40 * MIB + 3

MODES = {"public-read": OPEN, "function-role": PRIVATE}
Uploader = Callable[[Server, Path, str, str, str | None], None]


def by_cli(s3: Server, file: Path, bucket: str, key: str, algorithm: str | None) -> None:
    """`aws s3 cp`."""
    options = ["--checksum-algorithm", algorithm] if algorithm else []
    clients.cli_upload(s3.endpoint, s3.credentials, file, f"s3://{bucket}/{key}", *options)


def by_boto(s3: Server, file: Path, bucket: str, key: str, algorithm: str | None) -> None:
    """boto3's `upload_file`."""
    s3.client().upload_file(str(file), bucket, key, {"ChecksumAlgorithm": algorithm} if algorithm else None)


@pytest.fixture(scope="module")
def functions(s3_functions: Functions) -> Functions:
    """SeaweedFS keeps no part checksums."""
    return s3_functions


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    """Five parts and a little one."""
    with contextlib.ExitStack() as owner:
        path = temporary.folder(owner, "file") / "movie.mkv"
        write_large(path, LENGTH)
        yield path


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of the test's own."""
    return f"{request.node.name}/movie.mkv"


def info_hash(file: Path, piece_length: int) -> str:
    """The info hash of the file, by Python alone."""
    return by_hashlib.of_bytes(file.name.encode(), file.read_bytes(), piece_length)


def ask(function: Function, bucket: str, key: str, folder: Path) -> tuple[clients.Answer, dict[str, object]]:
    """The answer, and the line that the function has logged about it."""
    answer = clients.curl(clients.torrent_url(function.endpoint, bucket, key), folder)
    assert answer.status == 200, answer.body
    lines = [json.loads(line) for line in function.log.read_text(encoding="utf-8").splitlines()]
    return answer, next(line for line in reversed(lines) if line["message"] == "request")


def origin(answer: clients.Answer) -> str:
    return answer.headers["x-torrent-origin"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("upload", [by_cli, by_boto])
def test_a_file_uploaded_with_sha1_is_not_read(
    upload: Uploader, mode: str, functions: Functions, s3: Server, file: Path, key: str, folder: Path
) -> None:
    bucket = MODES[mode]
    upload(s3, file, bucket, key, "SHA1")
    function = functions.start(s3.credentials, ACCESS=mode)
    first, line = ask(function, bucket, key, folder)
    assert origin(first) == "part-checksums"
    assert (line["key"], line["bytes_read"]) == (key, 0)
    contents = metainfo.read(first.body)
    assert (contents.length, contents.piece_length, contents.piece_count) == (LENGTH, PART_SIZE, 6)
    assert first.headers["x-torrent-info-hash"] == contents.info_hash == info_hash(file, PART_SIZE)
    second, _ = ask(function, bucket, key, folder)
    assert origin(second) == "sidecar"
    assert second.body == first.body


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256", None])
@pytest.mark.parametrize("upload", [by_cli, by_boto])
def test_a_file_uploaded_otherwise_is_read(
    upload: Uploader, algorithm: str | None, functions: Functions, s3: Server, file: Path, key: str, folder: Path
) -> None:
    upload(s3, file, OPEN, key, algorithm)
    answer, line = ask(functions.start(s3.credentials), OPEN, key, folder)
    assert origin(answer) == "object"
    assert line["bytes_read"] == LENGTH
    contents = metainfo.read(answer.body)
    assert contents.piece_length < PART_SIZE
    assert contents.info_hash == info_hash(file, contents.piece_length)


def test_a_small_file_uploaded_with_sha1_has_no_parts_and_is_read(
    functions: Functions, s3: Server, key: str, folder: Path
) -> None:
    s3.client().put_object(Bucket=OPEN, Key=key, Body=b"hello", ChecksumAlgorithm="SHA1")
    answer, line = ask(functions.start(s3.credentials), OPEN, key, folder)
    assert (origin(answer), line["bytes_read"]) == ("object", 5)


def test_ten_thousand_parts_take_thirteen_requests(functions: Functions, s3: Server, folder: Path) -> None:
    [(key, shape)] = HUGE.items()
    answer, line = ask(functions.start(s3.credentials), OPEN, key, folder)
    assert origin(answer) == "part-checksums"
    assert line["bytes_read"] == 0
    # HEAD, ten pages of parts, and the sidecar looked for and written.
    assert line["s3_requests"] <= 13
    contents = metainfo.read(answer.body)
    assert (contents.piece_count, contents.piece_length) == shape
