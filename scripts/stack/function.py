"""The function on 127.0.0.1, without AWS.

Two ways. `watched` is what a person wants: built, started and started anew by `cargo lambda watch` when the
code changes. `built` starts a binary in a fraction of a second, behind the gateway of choice, so that each test
can have a function with a configuration of its own.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.stack import gateways, http, temporary, tools
from scripts.stack.gateways import Gateway
from scripts.stack.lambda_service import LAMBDA_SECONDS, LambdaService
from scripts.stack.ports import LOOPBACK
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import REGION, Credentials

NAME = "get-object-torrent"
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Function:
    """A running function."""

    endpoint: str
    log: Path
    process: Process


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
    process = Process(owner, "cargo lambda watch", _watch(port), log=log, env=env, cwd=tools.ROOT)
    return _ready(f"http://{LOOPBACK}:{port}", process, log, waiting)


def built(
    owner: contextlib.ExitStack,
    binary: Path,
    env: Mapping[str, str],
    gateway: Gateway = gateways.rest_api,
    timeout_seconds: float = LAMBDA_SECONDS,
) -> Function:
    """The function `binary` behind `gateway`, which waits `timeout_seconds` for an answer."""
    service = LambdaService(owner, gateway, timeout_seconds)
    lambda_env = {
        "AWS_LAMBDA_RUNTIME_API": service.runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": NAME,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    log = temporary.folder(owner, "function") / "log"
    # Lambda does not wait for a function either.
    process = Process(owner, NAME, [binary], log=log, env={**env, **lambda_env}, grace_seconds=0)
    return _ready(service.endpoint, process, log)


def _watch(port: int) -> list[str | Path]:
    # Its own CORS headers would hide whether the function's are right.
    options = ["--invoke-address", LOOPBACK, "--invoke-port", str(port), "--disable-cors"]
    # Of one binary alone: of several it serves none at `/`.
    return [tools.pinned("cargo-lambda"), "lambda", "watch", "--bin", NAME, *options]


def _ready(
    endpoint: str, process: Process, log: Path, waiting: Callable[[float], None] = lambda elapsed: None
) -> Function:
    # A preflight is answered by the function itself, and needs no S3.
    process.wait_until(lambda: http.preflight(endpoint), READY_SECONDS, waiting)
    return Function(endpoint, log, process)
