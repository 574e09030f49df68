"""`make run`, as a person sees it: what it shows, how it fails, and that it leaves nothing behind."""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import leftovers
import pytest

from scripts.stack import build, ports, tools

# With the build of a changed function.
RUN_SECONDS = 900


class Run:
    """A started `python -m scripts.run`, with all that it starts marked as its own."""

    def __init__(self, folder: Path, output: int | None = None, **variables: str) -> None:
        self.port, self.s3_port = ports.free_ports(2)
        self._mark = f"{os.environ[leftovers.VARIABLE]}/{uuid.uuid4().hex}"
        self._temporary, self._output = folder / "temporary", folder / "output"
        self._temporary.mkdir()
        own = {"PORT": str(self.port), "S3_PORT": str(self.s3_port), "TMPDIR": str(self._temporary)}
        env = tools.environment(**{**own, "PYTHONUNBUFFERED": "1", leftovers.VARIABLE: self._mark, **variables})
        with self._output.open("wb") as file:
            command = [sys.executable, "-m", "scripts.run"]
            stdout = file if output is None else output
            self.child = subprocess.Popen(command, cwd=tools.ROOT, env=env, stdout=stdout, stderr=file)

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + RUN_SECONDS
        while text not in self.output:
            assert self.child.poll() is None and time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def ended(self) -> int:
        """The exit status, once nothing is left of it."""
        status = self.child.wait(RUN_SECONDS)
        assert "Traceback" not in self.output
        assert leftovers.processes(self._mark) + leftovers.files(self._temporary) == []
        assert ports.fault(self.port) is ports.fault(self.s3_port) is None
        return status

    def stop(self) -> None:
        """For a test that broke off: it cleans up itself."""
        self.child.terminate()
        self.child.wait(RUN_SECONDS)


Start = Callable[..., Run]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts it with the variables given."""
    with contextlib.ExitStack() as owner:

        def start(output: int | None = None, **variables: str) -> Run:
            run = Run(folder, output, **variables)
            owner.callback(run.stop)
            return run

        yield start


@pytest.fixture(scope="session", autouse=True)
def debug_build(build_shown: Callable[..., Path]) -> None:
    """So that no test waits for it while it waits for something else."""
    build_shown(build.debug)


def test_two_downloads_of_odd_names_share_what_the_tracker_has_brought_together(start: Start, folder: Path) -> None:
    file, tree = folder / '-it\'s 100% "mine" +?#.bin', folder / "Ünïcode & +"
    file.write_bytes(os.urandom(16 * 1024 * 1024))
    for name in ("a.bin", "a.bin.torrent", "-dash/it's 100%.bin", "-dash/b/ c .bin", '日本語/q"uote?#:*|<>.bin', "CON"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(os.urandom(100_000))
    (tree / "empty").touch()
    run = start(TRACKER="1", ONCE="1", FILE=str(file), DIR=str(tree))
    assert run.ended() == 0, run.output
    for shown in (
        "aws s3api get-object-torrent",
        "(16777216 bytes)",
        f"http://127.0.0.1:{run.s3_port}/data/-it%27s%20100%25%20%22mine%22%20%2B%3F%23.bin",
        f"http://localhost:{run.s3_port}/data/",
        "of 32.0 MiB; the bytes are the same as the file's",
        f"s3://data/{tree.name}/, 7 files of 585.9 KiB",
        "files      6",
        f"such names for its torrents: {tree.resolve()}/a.bin.torrent",
        "the bytes are the same in all 6 files",
    ):
        assert shown in run.output
    # Of the file and of the folder.
    assert len(re.findall(r"^   tracker    http://127.0.0.1:\d+/announce$", run.output, re.MULTILINE)) == 2
    took = re.findall(r"client \d took (.+) from S3, (.+) from the other client", run.output)
    assert any(from_peer.endswith(" MiB") for _, from_peer in took), run.output


def test_it_stays_up_with_the_docs_until_it_is_stopped_and_takes_events(start: Start) -> None:
    run = start()
    run.wait_for("tail -f")
    assert f"in all {sum(path.is_file() for path in (tools.ROOT / 'docs').rglob('*'))} files" in run.output
    command = ["make", "--no-print-directory", "invoke"]
    env = tools.environment(PORT=str(run.port), EVENT="rest-v1")
    answer = json.loads(subprocess.run(command, cwd=tools.ROOT, env=env, stdout=subprocess.PIPE, check=True).stdout)
    assert answer["statusCode"] == 200 and b"4:name9:hello.txt" in base64.b64decode(answer["body"])
    # Impatient people press it twice.
    for _ in range(2):
        run.child.send_signal(signal.SIGINT)
    assert run.ended() == 0, run.output


@pytest.mark.parametrize(
    ("moment", "number"),
    [("1. Building", signal.SIGINT), ("2. Starting", signal.SIGTERM), ("5. Asking", signal.SIGHUP)],
)
def test_it_can_be_stopped_at_any_moment(start: Start, moment: str, number: signal.Signals) -> None:
    run = start()
    run.wait_for(moment)
    run.child.send_signal(number)
    assert run.ended() == 130, run.output


def test_it_ends_when_its_reader_has_gone(start: Start) -> None:
    # As `make run | head -3` does.
    reader, writer = os.pipe()
    run = start(writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as lines:
        assert any("SeaweedFS" in line for line in lines)
    assert run.ended() == 130
    assert "Error" not in run.output


def test_what_cannot_be_done_is_told_in_one_line(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "back\\slash").write_bytes(b"bytes")
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        for number, (name, value, said) in enumerate(
            (
                ("PORT", str(server.getsockname()[1]), "(Address already in use): choose another with PORT="),
                ("S3_PORT", "70000", "S3_PORT=70000 is not a port"),
                ("FILE", "no/such/file", "no/such/file cannot be read: No such file"),
                ("FILE", os.devnull, "holds no bytes"),
                ("DIR", "no/such", "DIR=no/such is not there"),
                ("DIR", str(folder), "sub/back\\\\slash' has a character"),
                ("PATH", "/nonexistent", "cargo is missing: run this through `make`"),
            )
        ):
            own = folder / f"run-{number}"
            own.mkdir()
            run = Run(own, **{name: value})
            assert run.ended() == 1
            line = run.output.splitlines()[-1]
            assert line.startswith("get-object-torrent: ") and said in line
