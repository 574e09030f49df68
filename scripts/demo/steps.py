"""The steps of `make run`, in order."""

import contextlib
import filecmp
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from scripts.demo import commands, sharing
from scripts.demo.commands import BUCKET, EVENTS_CONTENT, EVENTS_KEY
from scripts.demo.console import Console, amount
from scripts.demo.settings import Settings
from scripts.demo.sources import Source
from scripts.stack import build, download, function, metainfo, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.function import Function
from scripts.stack.metainfo import Contents
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import ROLE, SeaweedFS
from scripts.stack.tracker import Tracker

# The server's copy and the downloaded one, two more of what is shared, and room to work.
COPIES, SHARED_COPIES, SPARE_BYTES = 2, 2, 512 * 1024 * 1024
WATCH_SECONDS = 0.5
SLOW_BYTES_PER_SECOND, SLOW_FILES_PER_SECOND = 10_000_000, 50


class Demo:
    """One run. `finished` once the downloaded bytes were compared."""

    def __init__(self, settings: Settings, console: Console, owner: contextlib.ExitStack) -> None:
        self.finished = False
        self._settings = settings
        self._console = console
        self._owner = owner
        self._sources = (settings.file, settings.folder)
        # Those that stay up.
        self._processes: list[Process] = []

    def run(self) -> None:
        """All steps; stays up after the last one, unless it is to run once."""
        self._check_disk()
        self._build()
        s3 = self._start_s3()
        self._put(s3)
        tracker = self._start_tracker() if self._settings.tracker else None
        running = self._start_function(s3, tracker)
        torrents = []
        for source, purpose in zip(self._sources, ("the torrent", "one torrent of all files of a folder"), strict=True):
            folder = temporary.folder(self._owner, "download")
            torrents.append(self._get_torrent(source, purpose, running, folder))
            self._download(source, torrents[-1], folder)
        if tracker:
            self._share(self._settings.file, torrents[0])
        self.finished = True
        if not self._settings.once:
            self._stay_up(s3, running)

    def _check_disk(self) -> None:
        folder = tempfile.gettempdir()
        size = sum(source.size for source in self._sources)
        shared = SHARED_COPIES * self._settings.file.size if self._settings.tracker else 0
        needed, free = COPIES * size + shared + SPARE_BYTES, shutil.disk_usage(folder).free
        if free < needed:
            raise StackError(
                f"{folder} has {amount(free)} free, {amount(needed)} are needed: choose another folder with TMPDIR=…"
            )

    def _build(self) -> None:
        self._console.step("Building the function (the first time takes some minutes)")
        build.debug(self._owner, self._building())

    def _building(self) -> Callable[[float], None]:
        # On a terminal cargo shows its own progress.
        return (lambda elapsed: None) if self._console.is_terminal else self._console.waiting

    def _start_s3(self) -> SeaweedFS:
        self._console.step("Starting SeaweedFS, a real S3 server")
        s3 = SeaweedFS(self._owner, port=self._settings.s3_port, waiting=self._console.waiting)
        self._processes.append(s3.process)
        self._console.line(f"   it listens at {s3.endpoint}")
        return s3

    def _put(self, s3: SeaweedFS) -> None:
        names = " and ".join(str(source.path) for source in self._sources)
        self._console.step(f"Putting {names} into a bucket that anyone may read and list")
        s3.create_bucket(BUCKET, listed=True)
        client = s3.client()
        client.put_object(Bucket=BUCKET, Key=EVENTS_KEY, Body=EVENTS_CONTENT)
        for source in self._sources:
            progress = self._uploading(source.size)
            for key, file in source.files.items():
                client.upload_file(str(file), BUCKET, key, Callback=progress)
            self._console.line(f"   s3://{BUCKET}/{source.key}, {_described(source)}")

    def _uploading(self, size: int) -> Callable[[int], None]:
        sent, lock = 0, threading.Lock()

        def progress(count: int) -> None:
            nonlocal sent
            with lock:
                sent += count
                self._console.progress(f"{sent / size:4.0%} of {amount(size)}")

        return progress

    def _start_tracker(self) -> Tracker:
        self._console.step("Building and starting the tracker, with moto in DynamoDB's place")
        tracker = Tracker(self._owner, build.debug_tracker(self._owner, self._building()))
        self._processes += tracker.processes
        self._console.line(f"   its announce URL is {tracker.url}")
        return tracker

    def _start_function(self, s3: SeaweedFS, tracker: Tracker | None) -> Function:
        self._console.step("Starting the function under `cargo lambda watch`")
        seeds = [f"http://{host}:{s3.port}/{{bucket}}/{{key}}" for host in ("127.0.0.1", "localhost")]
        # A debug build on a laptop may take longer than API Gateway would wait.
        variables = {"BUCKETS": BUCKET, "WEB_SEEDS": ",".join(seeds), "TIME_BUDGET_MS": "900000"}
        env = function.settings(s3.endpoint, ROLE, {**variables, **(tracker.variables if tracker else {})})
        running = function.watched(self._owner, port=self._settings.port, env=env, waiting=self._console.waiting)
        self._processes.append(running.process)
        self._console.line(f"   it listens at {running.endpoint}")
        return running

    def _get_torrent(self, source: Source, purpose: str, running: Function, folder: Path) -> bytes:
        self._console.step(f"Asking for {purpose}")
        output = folder / ("folder.torrent" if source.is_folder else "object.torrent")
        command = commands.get_object_torrent(running.endpoint, source.key, str(output))
        self._console.line(f"   $ {shlex.join(command)}")
        self._run(command, source.size // SLOW_BYTES_PER_SECOND + len(source.files) // SLOW_FILES_PER_SECOND)
        torrent = output.read_bytes()
        self._show(metainfo.read(torrent))
        return torrent

    def _run(self, command: list[str], seconds: int) -> None:
        # A debug build hashes some 50 MB/s. After this the CLI asks again.
        patient = [*command, "--cli-read-timeout", str(60 + seconds)]
        with subprocess.Popen(
            patient, cwd=tools.ROOT, env=tools.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as child:
            try:
                start = time.monotonic()
                while child.poll() is None:
                    self._console.waiting(time.monotonic() - start)
                    time.sleep(0.1)
            except BaseException:
                child.kill()
                raise
            said = child.stdout.read().decode(errors="replace").strip() if child.stdout else ""
        if child.returncode != 0:
            raise StackError(f"the AWS CLI ended with status {child.returncode}: {said}")

    def _show(self, contents: Contents) -> None:
        rows = [
            ("name", contents.name),
            *([("files", f"{len(contents.files):,}")] if contents.files else []),
            ("size", f"{amount(contents.length)} ({contents.length} bytes)"),
            ("pieces", f"{contents.piece_count} of {amount(contents.piece_length)}"),
            ("info hash", contents.info_hash),
            *(("tracker", url) for url in contents.trackers),
            *(("web seed", url) for url in contents.web_seeds),
        ]
        for name, value in rows:
            self._console.line(f"   {name:<10} {value}")

    def _download(self, source: Source, torrent: bytes, folder: Path) -> None:
        self._console.step("Downloading with libtorrent, from the web seed alone: no peers, trackers or DHT")
        start = time.monotonic()

        def progress(progress: download.Progress) -> None:
            share = progress.done / max(progress.total, 1)
            rate = progress.done / max(time.monotonic() - start, 0.1)
            self._console.progress(f"{share:4.0%} of {amount(progress.total)}, {amount(rate)}/s")

        downloaded = download.download(torrent, folder, progress=progress)
        contents = metainfo.read(torrent)
        self._console.line(f"   {amount(contents.length)} in {time.monotonic() - start:.1f} s")
        for key, file in source.files.items():
            self._compare(file, downloaded / key.removeprefix(source.key))
        whose = f"in all {len(contents.files):,} files" if source.is_folder else "as the file's"
        self._console.line(f"   the bytes are the same {whose}")

    def _share(self, source: Source, torrent: bytes) -> None:
        self._console.step("Downloading the file twice at once: the clients find each other through the tracker alone")
        folders = [temporary.folder(self._owner, "share") for _ in range(2)]
        contents = metainfo.read(torrent)

        def progress(progress: download.Progress) -> None:
            self._console.progress(f"{progress.done / progress.total:4.0%} of two times {amount(contents.length)}")

        shares = sharing.share(torrent, folders, progress)
        for number, (share, folder) in enumerate(zip(shares, folders, strict=True), 1):
            self._compare(source.path, folder / contents.name)
            took = f"{amount(share.from_s3)} from S3, {amount(share.from_peer)} from the other client"
            self._console.line(f"   client {number} took {took}")
        from_s3, total = sum(share.from_s3 for share in shares), len(shares) * contents.length
        self._console.line(f"   S3 sent {amount(from_s3)} of {amount(total)}; the bytes are the same as the file's")

    def _compare(self, file: Path, downloaded: Path) -> None:
        if file.suffix == ".torrent" and not downloaded.exists():
            self._console.line(f"   left out, because the function uses such names for its torrents: {file}")
        elif not downloaded.exists() or not filecmp.cmp(file, downloaded, shallow=False):
            raise StackError(f"the download differs from {file}: did the file change meanwhile?")

    def _stay_up(self, s3: SeaweedFS, running: Function) -> None:
        self._console.line("\nEverything keeps running until Ctrl-C. Try these in another terminal, in this folder:\n")
        keys = (source.key for source in self._sources)
        for purpose, command in commands.to_try(running.endpoint, s3.endpoint, *keys, running.log):
            self._console.line(f"  # {purpose}\n  {command}\n")
        while True:
            for process in self._processes:
                if (status := process.status()) is not None:
                    raise StackError(f"{process.name} ended with status {status}{process.last_lines()}")
            time.sleep(WATCH_SECONDS)


def _described(source: Source) -> str:
    return f"{len(source.files):,} files of {amount(source.size)}" if source.is_folder else amount(source.size)
