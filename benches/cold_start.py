"""How long the function takes until it first asks for work, and how large it is.

The release build starts with the environment that Lambda gives it. The clock starts in the shell that becomes the
function, and stops when its `GET …/invocation/next` has arrived at our own runtime API. Each run has a new process.
"""

import contextlib
import json
import statistics
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benches.bench import Bench, spread
from benches.report import Bar, Report
from scripts.stack import build, function, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.function import NAME
from scripts.stack.gateways import Event
from scripts.stack.runtime_api import RuntimeApi

RUNS = 20
SECONDS = 60.0
LONGEST_MS = 15
LARGEST_BINARY_MB = 10
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
    event = json.loads((tools.ROOT / "events" / "rest-v1-options.json").read_bytes())
    times = [once(binary, VARIABLES, event, _is_preflight) for _ in range(bench.runs(RUNS))]
    binary_mb, zip_mb = sizes(binary)
    report = Report(
        "Cold start",
        f"The time from the start of the process to its first request for work: median of {len(times)} (least to "
        "most). It includes a little that is not the function's: the shell's `exec`, and a request over loopback. "
        "MB are 1,000,000 bytes. The zip is packed with deflate, level 9.",
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


def once(binary: Path, variables: dict[str, str], event: Event, is_right: Callable[[dict[str, Any]], bool]) -> float:
    """Milliseconds of one cold start of `binary`, whose answer to `event` shows that it works."""
    with contextlib.ExitStack() as owner:
        folder, api = temporary.folder(owner, "cold-start"), _RuntimeApi(owner, SECONDS)
        bootstrap, started = folder / "bootstrap", folder / "started"
        # Notes the time with a shell built-in, since another process would be counted; then becomes the function.
        lines = [f"#!{tools.installed('bash')}", f"echo ${{EPOCHREALTIME/,/.}} > '{started}'", f"exec '{binary}'", ""]
        bootstrap.write_text("\n".join(lines), encoding="utf-8")
        bootstrap.chmod(0o755)
        # Nothing of the caller's environment: SSL_CERT_DIR, for one, would cost time that Lambda does not take.
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
        process = function.start(owner, NAME, bootstrap, env, api.address, folder / "log")
        outcome = api.run(event)
        if outcome is None or not is_right(json.loads(outcome.body)):
            raise StackError(f"the function answers with {outcome}{process.last_lines()}")
        return (api.polls[0] - float(started.read_text(encoding="ascii"))) * 1000


class _RuntimeApi(RuntimeApi):
    """Notes when the function asks for work."""

    def __init__(self, owner: contextlib.ExitStack, timeout_seconds: float) -> None:
        self.polls: list[float] = []
        super().__init__(owner, timeout_seconds)

    def next_invocation(self) -> tuple[str, Event] | None:
        """As always."""
        self.polls.append(time.time())
        return super().next_invocation()


def _is_preflight(answer: dict[str, Any]) -> bool:
    return answer.get("statusCode") == 204 and "x-torrent-origin" in str(answer.get("multiValueHeaders"))
