"""How long the function takes until it first asks for work, and how large it is.

The official runtime emulator starts the release build with the environment that Lambda gives it. The clock starts in
the shell that becomes the function, and stops when the first bytes of `GET …/invocation/next` arrive. Each run has a
new emulator and a new process.
"""

import contextlib
import statistics
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benches.bench import Bench, spread
from benches.emulator import Emulator
from benches.report import Bar, Report
from scripts.stack import build, temporary, tools
from scripts.stack.errors import StackError

RUNS = 20
LONGEST_MS = 15
LARGEST_BINARY_MB = 10.5
LARGEST_ZIP_MB = 5

# They are never used: nothing is asked of S3 here.
VARIABLES = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "ACCESSKEY",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "BUCKETS": "data",
}


def run(bench: Bench) -> Report:
    """The release build's figures."""
    binary = build.release(bench.owner)
    event = (tools.ROOT / "events" / "rest-v1-options.json").read_bytes()
    times = [once(binary, VARIABLES, event, _is_preflight) for _ in range(bench.runs(RUNS))]
    binary_mb, zip_mb = sizes(binary)
    report = Report(
        "Cold start",
        "The time from the start of the process to its first request for work, under AWS's runtime interface emulator: "
        f"median of {len(times)} (least to most). It includes a little that is not the function's: the shell's `exec`, "
        "and one connection over loopback. MB are 1,000,000 bytes. The zip is packed with deflate, level 9.",
        ["figure", "value"],
    )
    report.rows += [
        ["first request for work, ms", spread(times)],
        ["binary, MB", f"{binary_mb:.2f}"],
        ["zip, MB", f"{zip_mb:.2f}"],
    ]
    report.bars += [
        Bar("first request for work, ms", statistics.median(times), LONGEST_MS),
        Bar("binary, MB", binary_mb, LARGEST_BINARY_MB),
        Bar("zip, MB", zip_mb, LARGEST_ZIP_MB),
    ]
    return report


def sizes(binary: Path) -> tuple[float, float]:
    """The binary and its zip file, as it is uploaded to Lambda, in MB of 1,000,000 bytes."""
    with contextlib.ExitStack() as owner:
        path = temporary.folder(owner, "package") / "function.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
            package.write(binary, "bootstrap")
        return binary.stat().st_size / 1e6, path.stat().st_size / 1e6


def once(binary: Path, variables: dict[str, str], event: bytes, is_right: Callable[[dict[str, Any]], bool]) -> float:
    """Milliseconds of one cold start of `binary`, whose answer to `event` shows that it works."""
    with contextlib.ExitStack() as owner:
        emulator = Emulator(owner, binary, variables)
        answer = emulator.invoke(event)
        if not is_right(answer):
            raise StackError(f"the function answers with {answer}")
        return emulator.init_ms()


def _is_preflight(answer: dict[str, Any]) -> bool:
    return answer.get("statusCode") == 204 and "x-torrent-origin" in str(answer.get("multiValueHeaders"))
