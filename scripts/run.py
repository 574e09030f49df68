"""`make run`: serves a file and a folder from a local S3 server, gets their torrents, downloads by them.

FILE=path           the file; by default a large one that the set-up has brought
DIR=path            the folder, whose files get one torrent; by default docs/
PORT, S3_PORT       of the function (9000) and of the S3 server (8333), both on 127.0.0.1
TRACKER=1           also starts the tracker, and two downloads that share the file
ONCE=1 or --once    ends after the download instead of staying up
"""

import contextlib
import os
import sys

from scripts.demo import settings
from scripts.demo.console import Console
from scripts.demo.sources import UsageError
from scripts.demo.steps import Demo
from scripts.stack import signals, tools
from scripts.stack.errors import StackError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main() -> int:
    """The exit status; 0 also when it was stopped, once the download was done."""
    signals.raise_on_stop_signals()
    try:
        chosen = settings.read(os.environ, sys.argv[1:])
        tools.isolate()
        return _run(chosen, Console())
    except signals.Stopped:
        return INTERRUPTED
    except StackError as error:
        print(f"get-object-torrent: {error}", file=sys.stderr)
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED


def _run(chosen: settings.Settings, console: Console) -> int:
    with contextlib.ExitStack() as owner:
        demo = Demo(chosen, console, owner)
        try:
            demo.run()
        except signals.Stopped:
            if not demo.finished:
                raise
        finally:
            # Nothing disturbs the cleaning up, which takes seconds at most.
            signals.ignore_stop_signals()
            console.end_progress()
    with contextlib.suppress(signals.Stopped):
        console.line("\nAll that was started has ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
