"""The steps of `make run`, in order, and what a person sees of them."""

import contextlib
import filecmp
import itertools
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from scripts.demo import sharing
from scripts.stack import build, download, function, metainfo, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.function import Function
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import ADMIN, REGION, ROLE, SeaweedFS
from scripts.stack.signals import Stopped
from scripts.stack.tracker import Tracker

# As in events/, so that `make invoke` finds its object.
BUCKET, EVENTS_KEY, EVENTS_CONTENT = "data", "hello.txt", b"hello"
# Far more than a debug build takes to hash what fits a disk.
HASHING_SECONDS = 86_400
ERASE = f"\r{'':<76}\r"


@dataclass(frozen=True)
class Source:
    """A file or a folder, the key to ask for, the files by their own keys, and the size of all."""

    path: Path
    key: str
    files: Mapping[str, Path]
    size: int


class Demo:
    """One run."""

    def __init__(self, owner: contextlib.ExitStack, file: Source, folder: Source) -> None:
        self._owner, self._file, self._folder = owner, file, folder
        self._numbers = itertools.count(1)

    def run(self, port: int, s3_port: int, *, tracker: bool) -> None:
        """All steps."""
        self._step("Building the function (the first time takes some minutes)")
        build.debug(self._owner)
        self._step("Starting SeaweedFS, a real S3 server")
        self._s3 = SeaweedFS(self._owner, port=s3_port, waiting=_progress)
        line(f"   it listens at {self._s3.endpoint}")
        self._put()
        variables = {}
        if tracker:
            self._step("Building and starting the tracker, with moto in DynamoDB's place")
            started = Tracker(self._owner, build.debug_tracker(self._owner))
            line(f"   its announce URL is {started.url}")
            variables |= started.variables
        self._step("Starting the function under `cargo lambda watch`")
        seeds = [f"http://{host}:{s3_port}/{{bucket}}/{{key}}" for host in ("127.0.0.1", "localhost")]
        # A debug build on a laptop may take longer than API Gateway would wait.
        variables |= {"BUCKETS": BUCKET, "WEB_SEEDS": ",".join(seeds), "TIME_BUDGET_MS": "900000"}
        env = function.settings(self._s3.endpoint, ROLE, variables)
        self._function: Function = function.watched(self._owner, port=port, env=env, waiting=_progress)
        line(f"   it listens at {self._function.endpoint}")
        torrent = self._get("the torrent", self._file)
        self._download(torrent, self._file, "as the file's")
        of_folder = self._get("one torrent of all files of a folder", self._folder)
        self._download(of_folder, self._folder, f"in all {len(metainfo.read(of_folder).files):,} files")
        if tracker:
            self._share(torrent)

    def show_commands(self) -> None:
        """What to try while all keeps running."""
        line("\nEverything keeps running until Ctrl-C. Try these in another terminal, in this folder:\n")
        endpoint, s3_endpoint = self._function.endpoint, self._s3.endpoint
        # A name may begin with a dash.
        outputs = [f"./{source.key.removesuffix('/')}.torrent" for source in (self._file, self._folder)]
        torrent, of_folder = map(shlex.quote, outputs)
        keys = [quote(source.key) for source in (self._file, self._folder)]
        url, folder_url = (shlex.quote(f"{endpoint}/{BUCKET}/{key}?torrent") for key in keys)
        upload = [_aws(), "s3", "cp", "FILE", f"s3://{BUCKET}/", "--region", REGION, "--endpoint-url", s3_endpoint]
        account = [f"{name}={value}" for name, value in ADMIN.environment().items()]
        for purpose, command in (
            ("the torrent, with the AWS CLI", shlex.join(self._get_object_torrent(self._file, outputs[0]))),
            ("or with curl", f"curl -o {torrent} {url}"),
            ("the torrent of the folder", f"curl -o {of_folder} {folder_url}"),
            ("its headers: the info hash, and where the hashes came from", f"curl -I {url}"),
            ("the copy that the function keeps", f"curl -I {shlex.quote(f'{s3_endpoint}/{BUCKET}/{keys[0]}.torrent')}"),
            ("the download, with another client", f"aria2c --enable-dht=false --seed-time=0 {torrent}"),
            ("your own object, to get a torrent for", shlex.join([*account, *upload])),
            ("an event from events/", f"PORT={endpoint.rpartition(':')[2]} make invoke EVENT=rest-v1"),
            ("the function's log", f"tail -f {shlex.quote(str(self._function.log))}"),
        ):
            line(f"  # {purpose}\n  {command}\n")

    def _step(self, text: str) -> None:
        line(f"\n{next(self._numbers)}. {text}")

    def _put(self) -> None:
        self._step(f"Putting {self._file.path} and {self._folder.path} into a bucket that anyone may read and list")
        self._s3.create_bucket(BUCKET, listed=True)
        client = self._s3.client()
        client.put_object(Bucket=BUCKET, Key=EVENTS_KEY, Body=EVENTS_CONTENT)
        for source in (self._file, self._folder):
            for key, file in source.files.items():
                _progress(key[-70:])
                client.upload_file(str(file), BUCKET, key)
            count = f"{len(source.files):,} files of " if source is self._folder else ""
            line(f"   s3://{BUCKET}/{source.key}, {count}{_amount(source.size)}")

    def _get_object_torrent(self, source: Source, output: str) -> list[str]:
        # What anyone may read needs no account, so none of the user's is asked for.
        options = ["--no-sign-request", "--region", REGION, "--endpoint-url", self._function.endpoint]
        return [_aws(), "s3api", "get-object-torrent", *options, "--bucket", BUCKET, f"--key={source.key}", output]

    def _get(self, what: str, source: Source) -> bytes:
        self._step(f"Asking for {what}")
        folder = temporary.folder(self._owner, "torrent")
        output = folder / "object.torrent"
        command = self._get_object_torrent(source, str(output))
        line(f"   $ {shlex.join(command)}")
        # After this the CLI asks again.
        command += ["--cli-read-timeout", str(HASHING_SECONDS)]
        env, log = tools.environment(), folder / "log"
        process = Process(self._owner, "the AWS CLI", command, env=env, log=log, cwd=tools.ROOT)
        process.wait_for_end(HASHING_SECONDS, _progress)
        if process.status() != 0:
            raise StackError(f"the AWS CLI ended with status {process.status()}{process.last_lines()}")
        contents = metainfo.read(output.read_bytes())
        for name, value in (
            ("name", contents.name),
            *([("files", f"{len(contents.files):,}")] if contents.files else []),
            ("size", f"{_amount(contents.length)} ({contents.length} bytes)"),
            ("pieces", f"{contents.piece_count} of {_amount(contents.piece_length)}"),
            ("info hash", contents.info_hash),
            *(("tracker", url) for url in contents.trackers),
            *(("web seed", url) for url in contents.web_seeds),
        ):
            line(f"   {name:<10} {value}")
        return output.read_bytes()

    def _download(self, torrent: bytes, source: Source, whose: str) -> None:
        self._step("Downloading with libtorrent, from the web seed alone: no peers, trackers or DHT")
        start, length = time.monotonic(), metainfo.read(torrent).length
        folder = temporary.folder(self._owner, "download")
        downloaded = download.download(torrent, folder, lambda done: _progress(f"{done / length:4.0%}"))
        line(f"   {_amount(length)} in {time.monotonic() - start:.1f} s")
        for key, file in source.files.items():
            _compare(file, downloaded / key.removeprefix(source.key))
        line(f"   the bytes are the same {whose}")

    def _share(self, torrent: bytes) -> None:
        self._step("Downloading the file twice at once: the clients find each other through the tracker alone")
        folders = [temporary.folder(self._owner, "share") for _ in range(2)]
        total = 2 * self._file.size
        shares = sharing.share(torrent, self._file.size, folders, lambda done: _progress(f"{done / total:4.0%}"))
        for number, (path, by_s3, by_peer) in enumerate(shares, 1):
            _compare(self._file.path, path)
            line(f"   client {number} took {_amount(by_s3)} from S3, {_amount(by_peer)} from the other client")
        sent = _amount(sum(by_s3 for _, by_s3, _ in shares))
        line(f"   S3 sent {sent} of {_amount(total)}; the bytes are the same as the file's")


def line(text: str) -> None:
    """A line that stays, in place of the progress."""
    _write(f"{ERASE if sys.stdout.isatty() else ''}{text}\n")


def _progress(how_far: str | float) -> None:
    """How far a step is: in words, or the seconds that it takes already."""
    if sys.stdout.isatty():
        _write(f"{ERASE}   {how_far if isinstance(how_far, str) else f'... {how_far:.0f} s'}")


def _write(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except OSError:
        # A reader who has gone away (`| head`) stops the program. What is still in the buffer must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Stopped from None


def _amount(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:,.{0 if unit == 'bytes' else 1}f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"


def _aws() -> str:
    path = tools.pinned("aws")
    return str(path.relative_to(tools.ROOT) if path.is_relative_to(tools.ROOT) else path)


def _compare(file: Path, downloaded: Path) -> None:
    if file.suffix == ".torrent" and not downloaded.exists():
        line(f"   left out, because the function uses such names for its torrents: {file}")
    elif not downloaded.exists() or not filecmp.cmp(file, downloaded, shallow=False):
        raise StackError(f"the download differs from {file}: did the file change meanwhile?")
