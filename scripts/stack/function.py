"""The function on 127.0.0.1, without AWS.

Two ways. `watched` is what a person wants: built, started and started anew by `cargo lambda watch` when the
code changes. `built` starts a binary in a fraction of a second, behind the gateway of choice, so that each test
can have a function with a configuration of its own.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.stack import gateways, http, temporary, tools
from scripts.stack.gateways import Gateway
from scripts.stack.lambda_service import LAMBDA_SECONDS, LambdaService
from scripts.stack.ports import LOOPBACK
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import REGION, Credentials

NAME = "get-object-torrent"
# The other binaries of the package: what Step Functions invokes, and what BitTorrent clients do.
JOB_NAME = "torrent-job"
TRACKER_NAME = "torrent-tracker"
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Function:
    """A running function."""

    endpoint: str
    log: Path
    # Each answers one request at a time.
    processes: Sequence[Process]

    @property
    def process(self) -> Process:
        """The first, and mostly the only one."""
        return self.processes[0]


def settings(s3_endpoint: str, credentials: Credentials | None, variables: Mapping[str, str]) -> Mapping[str, str]:
    """The environment of a function whose S3 is at `s3_endpoint`; without credentials it caches nothing."""
    s3 = {"AWS_REGION": REGION, "AWS_ENDPOINT_URL_S3": s3_endpoint}
    account = credentials.environment() if credentials else {}
    return tools.environment(**{**s3, **account, **variables})


def watched(
    owner: contextlib.ExitStack,
    *,
    port: int,
    env: Mapping[str, str],
    waiting: Callable[[float], None] = lambda elapsed: None,
) -> Function:
    """The function under `cargo lambda watch`."""
    log = temporary.folder(owner, "function") / "log"
    # Its own CORS headers would hide whether the function's are right. Of several binaries it serves none at `/`.
    options = ["--invoke-address", LOOPBACK, "--invoke-port", str(port), "--disable-cors", "--bin", NAME]
    command = [tools.pinned("cargo-lambda"), "lambda", "watch", *options]
    process = Process(owner, "cargo lambda watch", command, log=log, env=env, cwd=tools.ROOT)
    return _ready(f"http://{LOOPBACK}:{port}", [process], log, waiting)


def built(
    owner: contextlib.ExitStack,
    binary: Path,
    env: Mapping[str, str],
    gateway: Gateway = gateways.rest_api,
    timeout_seconds: float = LAMBDA_SECONDS,
    processes: int = 1,
) -> Function:
    """The function `binary` behind `gateway`, which waits `timeout_seconds` for an answer.

    Each process answers one request at a time, as on Lambda; here there are not more of them than `processes`.
    """
    service = LambdaService(owner, gateway, timeout_seconds)
    log = temporary.folder(owner, "function") / "log"
    started = [start(owner, NAME, binary, env, service.runtime_api.address, log) for _ in range(processes)]
    return _ready(service.endpoint, started, log)


def start(
    owner: contextlib.ExitStack, name: str, binary: Path, env: Mapping[str, str], runtime_api: str, log: Path
) -> Process:
    """One process of a function, as Lambda starts it."""
    lambda_env = {
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    # Lambda does not wait for a function either.
    return Process(owner, name, [binary], log=log, env={**env, **lambda_env}, grace_seconds=0)


def _ready(
    endpoint: str, processes: Sequence[Process], log: Path, waiting: Callable[[float], None] = lambda elapsed: None
) -> Function:
    # A preflight is answered by the function itself, and needs no S3.
    processes[0].wait_until(lambda: http.body(f"{endpoint}/", method="OPTIONS") is not None, READY_SECONDS, waiting)
    return Function(endpoint, log, processes)
