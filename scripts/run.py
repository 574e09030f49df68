"""`make run`: serves a file and a folder from a local S3 server, gets their torrents, downloads by them.

FILE=path           the file; by default a large one that the set-up has brought
DIR=path            the folder, whose files get one torrent; by default docs/
PORT, S3_PORT       of the function (9000) and of the S3 server (8333), both on 127.0.0.1
TRACKER=1           also starts the tracker, and two downloads that share the file
ONCE=1              ends after the download instead of staying up
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

from boto3.exceptions import Boto3Error

from scripts.demo.steps import Demo, Source, line
from scripts.stack import ports, signals, tools
from scripts.stack.errors import StackError

FAILED, INTERRUPTED = 1, 130


def main() -> int:
    """The exit status; 0 also when it was stopped, once the download was done."""
    signals.raise_on_stop_signals()
    try:
        # The default is in every checkout that is set up, the same everywhere, and spans a hundred pieces.
        file, folder = _source("FILE", tools.pinned("cargo-lambda")), _source("DIR", tools.ROOT / "docs")
        port, s3_port = _port("PORT", "9000"), _port("S3_PORT", "8333")
        tracker, once = (os.environ.get(name, "0") not in ("", "0") for name in ("TRACKER", "ONCE"))
        tools.isolate()
        with contextlib.ExitStack() as owner:
            try:
                demo = Demo(owner, file, folder)
                demo.run(port, s3_port, tracker=tracker)
                with contextlib.suppress(signals.Stopped):
                    if not once:
                        demo.show_commands()
                        signal.pause()
            finally:
                # Nothing disturbs the cleaning up, which takes seconds at most.
                signals.ignore_stop_signals()
        with contextlib.suppress(signals.Stopped):
            line("\nAll that was started has ended.")
    except signals.Stopped:
        return INTERRUPTED
    except (StackError, Boto3Error) as error:
        print(f"get-object-torrent: {error}", file=sys.stderr)
        return FAILED
    return 0


def _source(variable: str, default: Path) -> Source:
    """A file, or all files in a folder and in its folders. Links to folders are not followed."""
    path = Path(os.environ.get(variable) or default).expanduser()
    key, files = path.name, {path.name: path}
    if variable == "DIR":
        root = path.resolve()
        key = f"{root.name}/"
        files = {each.relative_to(root.parent).as_posix(): each for each in root.rglob("*") if each.is_file()}
    try:
        for each in files.values():
            each.open("rb").close()
        size = sum(each.stat().st_size for each in files.values())
    except OSError as error:
        raise StackError(f"{variable}={path}: {error.filename} cannot be read: {error.strerror}") from error
    if not size:
        raise StackError(f"{variable}={path} is not there, or holds no bytes: no client accepts an empty torrent")
    if unfit := [name for name in files if "\\" in name or not name.isprintable()]:
        raise StackError(f"{variable}={path}: the name {unfit[0]!r} has a character that not all clients keep")
    return Source(path, key, files, size)


def _port(variable: str, default: str) -> int:
    chosen = os.environ.get(variable) or default
    if not chosen.isdecimal() or not 0 < int(chosen) < 65_536:
        raise StackError(f"{variable}={chosen} is not a port: choose a number from 1 to 65535")
    if fault := ports.fault(int(chosen)):
        raise StackError(f"port {chosen} of 127.0.0.1 cannot be used ({fault}): choose another with {variable}=…")
    return int(chosen)


if __name__ == "__main__":
    sys.exit(main())
