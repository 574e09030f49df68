"""The steps of `make run`, in order."""

import contextlib
import filecmp
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from scripts.demo import commands
from scripts.demo.commands import BUCKET, EVENTS_CONTENT, EVENTS_KEY
from scripts.demo.console import Console, amount
from scripts.demo.settings import Settings
from scripts.stack import build, download, function, metainfo, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.function import Function
from scripts.stack.seaweedfs import ROLE, SeaweedFS

# The server's copy and the downloaded one, and room to work.
COPIES, SPARE_BYTES = 2, 512 * 1024 * 1024
WATCH_SECONDS = 0.5
SLOW_BYTES_PER_SECOND = 10_000_000


class Demo:
    """One run. `finished` once the downloaded bytes were compared."""

    def __init__(self, settings: Settings, console: Console, owner: contextlib.ExitStack) -> None:
        self.finished = False
        self._settings = settings
        self._console = console
        self._owner = owner
        self._key = settings.file.name
        self._size = settings.file.stat().st_size

    def run(self) -> None:
        """All steps; stays up after the last one, unless it is to run once."""
        self._check_disk()
        self._build()
        s3 = self._start_s3()
        self._put(s3)
        running = self._start_function(s3)
        folder = temporary.folder(self._owner, "download")
        self._download(self._get_torrent(running, folder), folder)
        self.finished = True
        if not self._settings.once:
            self._stay_up(s3, running)

    def _check_disk(self) -> None:
        folder = tempfile.gettempdir()
        needed, free = COPIES * self._size + SPARE_BYTES, shutil.disk_usage(folder).free
        if free < needed:
            raise StackError(
                f"{folder} has {amount(free)} free, {amount(needed)} are needed: choose another folder with TMPDIR=…"
            )

    def _build(self) -> None:
        self._console.step("Building the function (the first time takes some minutes)")
        # On a terminal cargo shows its own progress.
        build.debug(self._owner, (lambda elapsed: None) if self._console.is_terminal else self._console.waiting)

    def _start_s3(self) -> SeaweedFS:
        self._console.step("Starting SeaweedFS, a real S3 server")
        s3 = SeaweedFS(self._owner, port=self._settings.s3_port, waiting=self._console.waiting)
        self._console.line(f"   it listens at {s3.endpoint}")
        return s3

    def _put(self, s3: SeaweedFS) -> None:
        self._console.step(f"Putting {self._settings.file} into a bucket that anyone may read")
        s3.create_bucket(BUCKET, public=True)
        s3.client().put_object(Bucket=BUCKET, Key=EVENTS_KEY, Body=EVENTS_CONTENT)
        sent, lock = 0, threading.Lock()

        def progress(count: int) -> None:
            nonlocal sent
            with lock:
                sent += count
                self._console.progress(f"{sent / self._size:4.0%} of {amount(self._size)}")

        s3.client().upload_file(str(self._settings.file), BUCKET, self._key, Callback=progress)
        self._console.line(f"   s3://{BUCKET}/{self._key}, {amount(self._size)}")

    def _start_function(self, s3: SeaweedFS) -> Function:
        self._console.step("Starting the function under `cargo lambda watch`")
        seeds = [f"http://{host}:{s3.port}/{{bucket}}/{{key}}" for host in ("127.0.0.1", "localhost")]
        # A debug build on a laptop may take longer than API Gateway would wait.
        variables = {"BUCKETS": BUCKET, "WEB_SEEDS": ",".join(seeds), "TIME_BUDGET_MS": "900000"}
        env = function.settings(s3.endpoint, ROLE, variables)
        running = function.watched(self._owner, port=self._settings.port, env=env, waiting=self._console.waiting)
        self._console.line(f"   it listens at {running.endpoint}")
        return running

    def _get_torrent(self, running: Function, folder: Path) -> bytes:
        self._console.step("Asking for the torrent")
        output = folder / "object.torrent"
        command = commands.get_object_torrent(running.endpoint, self._key, str(output))
        self._console.line(f"   $ {shlex.join(command)}")
        self._run(command)
        torrent = output.read_bytes()
        self._show(torrent)
        return torrent

    def _run(self, command: list[str]) -> None:
        # A debug build hashes some 50 MB/s. After this the CLI asks again.
        patient = [*command, "--cli-read-timeout", str(60 + self._size // SLOW_BYTES_PER_SECOND)]
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

    def _show(self, torrent: bytes) -> None:
        contents = metainfo.read(torrent)
        rows = [
            ("name", contents.name),
            ("size", f"{amount(contents.length)} ({contents.length} bytes)"),
            ("pieces", f"{contents.piece_count} of {amount(contents.piece_length)}"),
            ("info hash", contents.info_hash),
            *(("web seed", url) for url in contents.web_seeds),
        ]
        for name, value in rows:
            self._console.line(f"   {name:<10} {value}")

    def _download(self, torrent: bytes, folder: Path) -> None:
        self._console.step("Downloading by it with libtorrent, from the web seed alone: no peers, trackers or DHT")
        start = time.monotonic()

        def progress(progress: download.Progress) -> None:
            share = progress.done / max(progress.total, 1)
            rate = progress.done / max(time.monotonic() - start, 0.1)
            self._console.progress(f"{share:4.0%} of {amount(progress.total)}, {amount(rate)}/s")

        downloaded = download.download(torrent, folder / "downloaded", progress=progress)
        self._console.line(f"   {amount(self._size)} in {time.monotonic() - start:.1f} s")
        if not filecmp.cmp(self._settings.file, downloaded, shallow=False):
            raise StackError(f"the downloaded bytes are not those of {self._settings.file}: did it change meanwhile?")
        self._console.line("   the bytes are the same as the file's")

    def _stay_up(self, s3: SeaweedFS, running: Function) -> None:
        self._console.line("\nAll of this stays up until Ctrl-C. To try from another terminal, in this folder:\n")
        for purpose, command in commands.to_try(running.endpoint, s3.endpoint, self._key, running.log):
            self._console.line(f"  # {purpose}\n  {command}\n")
        while True:
            for process in (s3.process, running.process):
                if (status := process.status()) is not None:
                    raise StackError(f"{process.name} ended with status {status}{process.last_lines()}")
            time.sleep(WATCH_SECONDS)
