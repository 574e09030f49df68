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
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import leftovers
import pytest

from scripts.stack import build, ports, tools

# With the build of a changed function.
RUN_SECONDS = 900
STOP_SECONDS = 30


class Run:
    """A started `python -m scripts.run`, with all that it starts marked as its own."""

    def __init__(
        self, folder: Path, arguments: Sequence[str], output: int | None, variables: Mapping[str, str]
    ) -> None:
        self.port, self.s3_port = ports.free_ports(2)
        self._mark = f"{os.environ[leftovers.VARIABLE]}/{uuid.uuid4().hex}"
        self._temporary = folder / "temporary"
        self._temporary.mkdir(exist_ok=True)
        self._output = folder / "output"
        defaults = {
            "PORT": str(self.port),
            "S3_PORT": str(self.s3_port),
            "TMPDIR": str(self._temporary),
            "PYTHONUNBUFFERED": "1",
            leftovers.VARIABLE: self._mark,
        }
        with self._output.open("wb") as file:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "scripts.run", *arguments],
                cwd=tools.ROOT,
                env={**tools.environment(), **defaults, **variables},
                stdout=file if output is None else output,
                stderr=file,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + RUN_SECONDS
        while text not in self.output:
            assert self.child.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def ended(self) -> int:
        """The exit status, once nothing is left of it."""
        status = self.child.wait(RUN_SECONDS)
        assert leftovers.processes(self._mark) == []
        assert leftovers.files(self._temporary) == []
        assert ports.fault(self.port) is None
        assert ports.fault(self.s3_port) is None
        return status

    def stop(self) -> None:
        """For a test that broke off: it cleans up itself."""
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait(STOP_SECONDS)


Start = Callable[..., Run]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts it with the arguments and variables given."""
    with contextlib.ExitStack() as owner:

        def start(*arguments: str, output: int | None = None, **variables: str) -> Run:
            run = Run(folder, arguments, output, variables)
            owner.callback(run.stop)
            return run

        yield start


@pytest.fixture(scope="session", autouse=True)
def debug_build(build_shown: Callable[..., Path]) -> None:
    """So that no test waits for it while it waits for something else."""
    build_shown(build.debug)


@pytest.mark.parametrize("name", ["-dash.bin", "Ünïcode 日本語.bin", "back\\slash.bin", 'q"uote?#.bin', "f.torrent"])
def test_a_file_may_have_any_name(start: Start, folder: Path, name: str) -> None:
    file = folder / name
    file.write_bytes(b"bytes")
    run = start("--once", FILE=str(file))
    assert run.ended() == 0, run.output
    assert "the bytes are the same" in run.output


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "it's 100% mine +.bin"
    path.write_bytes(os.urandom(600_000))
    return path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_once_shows_a_torrent_and_a_download(start: Start, file: Path) -> None:
    run = start("--once", FILE=str(file))
    assert run.ended() == 0, run.output
    for shown in (
        "aws s3api get-object-torrent",
        "it's 100% mine +.bin",
        "(600000 bytes)",
        "3 of 256.0 KiB",
        "info hash",
        f"http://127.0.0.1:{run.s3_port}/data/it%27s%20100%25%20mine%20%2B.bin",
        f"http://localhost:{run.s3_port}/data/",
        "the bytes are the same",
    ):
        assert shown in run.output


def test_the_default_file_spans_many_pieces(start: Start) -> None:
    run = start(ONCE="1")
    assert run.ended() == 0, run.output
    pieces, _ = [line.split()[1] for line in run.output.splitlines() if line.split()[:1] == ["pieces"]]
    assert int(pieces) >= 16


@pytest.fixture
def tree(folder: Path) -> Path:
    """A folder of many names."""
    root = folder / "Ünïcode & +"
    for name in ("a.bin", "a.bin.torrent", "-dash/it's 100%.bin", "-dash/b/ c .bin", '日本語/q"uote?#:*|<>.bin', "CON"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.urandom(100_000))
    (root / "empty").touch()
    return root


def test_all_files_of_a_folder_get_one_torrent(start: Start, file: Path, tree: Path) -> None:
    run = start("--once", FILE=str(file), DIR=str(tree))
    assert run.ended() == 0, run.output
    for shown in (
        f"s3://data/{tree.name}/, 7 files of 585.9 KiB",
        f"'--key={tree.name}/'",
        "files      6",
        "(500000 bytes)",
        f"http://localhost:{run.s3_port}/data/\n",
        f"such names for its torrents: {tree.resolve()}/a.bin.torrent",
        "the bytes are the same in all 6 files",
    ):
        assert shown in run.output


def test_by_default_it_shows_the_torrent_of_the_docs(start: Start, file: Path) -> None:
    run = start("--once", FILE=str(file))
    assert run.ended() == 0, run.output
    count = sum(path.is_file() for path in (tools.ROOT / "docs").rglob("*"))
    assert f"the bytes are the same in all {count} files" in run.output


def test_two_downloads_share_what_the_tracker_has_brought_together(start: Start, folder: Path) -> None:
    file = folder / "shared.bin"
    file.write_bytes(os.urandom(16 * 1024 * 1024))
    run = start(TRACKER="1", ONCE="1", FILE=str(file))
    assert run.ended() == 0, run.output
    # Of the file and of the folder.
    assert len(re.findall(r"^   tracker    http://127.0.0.1:\d+/announce$", run.output, re.MULTILINE)) == 2
    took = re.findall(r"client \d took (.+) from S3, (.+) from the other client", run.output)
    assert len(took) == 2, run.output
    assert any(from_peer.endswith(" MiB") for _, from_peer in took), run.output
    assert "of 32.0 MiB; the bytes are the same as the file's" in run.output


def invoked(run: Run, event: str) -> dict[str, object]:
    """What `make invoke` prints of the function's answer."""
    environment = {**tools.environment(), "PORT": str(run.port), "EVENT": event}
    made = subprocess.run(
        ["make", "--no-print-directory", "invoke"],
        cwd=tools.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(made.stdout)


def test_make_invoke_sends_it_an_event(start: Start, file: Path) -> None:
    run = start(FILE=str(file))
    run.wait_for("tail -f")
    answer = invoked(run, "rest-v1")
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert b"4:name9:hello.txt" in base64.b64decode(str(answer["body"]))
    assert invoked(run, "error-bucket")["statusCode"] == 400
    run.child.send_signal(signal.SIGINT)
    assert run.ended() == 0, run.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stays_up_until_it_is_stopped(start: Start, file: Path, number: signal.Signals) -> None:
    run = start(FILE=str(file))
    run.wait_for("tail -f")
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/data/it%27s%20100%25%20mine%20%2B.bin?torrent") as r:
        assert r.headers["x-torrent-origin"] == "sidecar"
    # Impatient people press it twice.
    run.child.send_signal(number)
    run.child.send_signal(number)
    assert run.ended() == 0, run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("moment", ["1. Building", "2. Starting SeaweedFS", "4. Starting the function", "5. Asking"])
def test_it_can_be_stopped_at_any_moment(start: Start, file: Path, moment: str) -> None:
    run = start(FILE=str(file))
    run.wait_for(moment)
    run.child.send_signal(signal.SIGINT)
    assert run.ended() == 130, run.output
    assert "Traceback" not in run.output


def test_it_ends_when_its_reader_has_gone(start: Start, file: Path) -> None:
    # As `make run | head -3` does.
    reader, writer = os.pipe()
    run = start(output=writer, FILE=str(file))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as lines:
        assert any("SeaweedFS" in line for line in lines)
    assert run.ended() == 130
    assert "Error" not in run.output


def test_it_ends_with_its_terminal(start: Start, file: Path) -> None:
    reader, writer = os.pipe()
    run = start(output=writer, FILE=str(file))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as lines:
        assert any("tail -f" in line for line in lines)
    run.child.send_signal(signal.SIGHUP)
    assert run.ended() == 0
    assert "Error" not in run.output


@pytest.mark.parametrize("variable", ["PORT", "S3_PORT"])
def test_a_port_that_is_taken(start: Start, taken_port: int, variable: str) -> None:
    assert_one_line(start, {variable: str(taken_port)}, 2, f"port {taken_port} of 127.0.0.1", f"with {variable}=")


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none(start: Start, port: str) -> None:
    assert_one_line(start, {"PORT": port}, 2, f"PORT={port} is not a port")


def test_a_file_that_is_not_there(start: Start) -> None:
    assert_one_line(start, {"FILE": "no/such/file"}, 2, "FILE=no/such/file cannot be read: No such file")


def test_a_file_that_is_a_folder(start: Start, folder: Path) -> None:
    assert_one_line(start, {"FILE": str(folder)}, 2, "cannot be read: Is a directory")


def test_a_file_that_is_empty(start: Start, folder: Path) -> None:
    (folder / "empty").touch()
    assert_one_line(start, {"FILE": str(folder / "empty")}, 2, "is empty")


def test_a_folder_that_is_not_there(start: Start) -> None:
    assert_one_line(start, {"DIR": "no/such"}, 2, "DIR=no/such: ", "no/such cannot be read: No such file")


def test_a_folder_that_is_a_file(start: Start, file: Path) -> None:
    assert_one_line(start, {"DIR": str(file)}, 2, "cannot be read: Not a directory")


def test_a_folder_of_nothing(start: Start, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "empty").touch()
    assert_one_line(start, {"DIR": str(folder / "sub")}, 2, "has no name or no file with content")


@pytest.mark.parametrize("name", ["back\\slash", "new\nline", "c1\x85"])
def test_a_folder_with_a_name_that_no_torrent_may_have(start: Start, tree: Path, name: str) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / name).write_bytes(b"bytes")
    assert_one_line(start, {"DIR": str(tree)}, 2, repr(f"sub/{name}")[1:-1], "has a backslash or a control character")


def test_a_folder_with_a_name_that_is_too_long_for_a_key(start: Start, tree: Path) -> None:
    place = tree.joinpath(*(["n" * 255] * 4))
    place.mkdir(parents=True)
    (place / "file").write_bytes(b"bytes")
    assert_one_line(start, {"DIR": str(tree)}, 2, "is too long")


def test_a_folder_of_too_many_files(start: Start, folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(10_001):
        (folder / "many" / str(number)).write_bytes(b"0")
    assert_one_line(start, {"DIR": str(folder / "many")}, 2, "has 10,001 files, at most 10,000 get one torrent")


def test_a_folder_with_the_name_of_the_file(start: Start, folder: Path) -> None:
    (folder / "docs").write_bytes(b"bytes")
    assert_one_line(start, {"FILE": str(folder / "docs")}, 2, "has the name of a file that is served")


def test_an_option_that_is_none(start: Start) -> None:
    assert_one_line(start, {}, 2, "--help is not an option", option="--help")


def test_cargo_that_is_missing(start: Start, file: Path) -> None:
    run = start(FILE=str(file), PATH="/nonexistent")
    assert run.ended() == 1
    assert run.output.splitlines()[-1].startswith("get-object-torrent: cargo is missing: run this through `make`")
    assert "Traceback" not in run.output


def assert_one_line(start: Start, variables: Mapping[str, str], status: int, *said: str, option: str = "") -> None:
    run = start(*option.split(), **variables)
    assert run.child.wait(60) == status
    [line] = run.output.splitlines()
    assert line.startswith("get-object-torrent: ")
    assert all(text in line for text in said)
