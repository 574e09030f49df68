"""AWS's own runtime interface emulator: starts a function as Lambda does, at its first invocation.

It comes with the AWS SAM CLI, for Linux alone. Before its runtime API stands a proxy of ours that notes when the
function asks for work for the first time.
"""

import contextlib
import json
import platform
import socket
import threading
import time
from pathlib import Path
from typing import Any

from scripts.stack import http, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process

READY_SECONDS = 60.0
INVOCATION_SECONDS = 60.0
POLL = b"GET /2018-06-01/runtime/invocation/next"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class Emulator:
    """One emulated execution environment, which has not started its function yet."""

    def __init__(self, owner: contextlib.ExitStack, binary: Path, variables: dict[str, str]) -> None:
        folder = temporary.folder(owner, "emulator")
        port, runtime_port = free_ports(2)
        self._endpoint = f"http://{LOOPBACK}:{port}"
        self._proxy = _Proxy(owner, runtime_port)
        self._started = folder / "started"
        command = [_program(), "--runtime-interface-emulator-address", f"{LOOPBACK}:{port}"]
        command += ["--runtime-api-address", f"{LOOPBACK}:{runtime_port}"]
        command += [_bootstrap(folder, self._started, binary, self._proxy.address)]
        log = folder / "log"
        # Nothing of the caller's environment: SSL_CERT_DIR, for one, would cost time that Lambda does not take.
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
        self._process = Process(owner, "runtime emulator", command, log=log, env=env, cwd=folder, grace_seconds=0)
        self._process.wait_until(lambda: http.accepts(port), READY_SECONDS)

    def invoke(self, event: bytes) -> dict[str, Any]:
        """The function's answer; the first invocation starts it."""
        url = f"{self._endpoint}/2015-03-31/functions/function/invocations"
        with http.DIRECT.open(url, event, timeout=INVOCATION_SECONDS) as response:
            return json.loads(response.read())

    def init_ms(self) -> float:
        """From the start of the function's process to its first request for work."""
        if self._proxy.first_poll is None:
            raise StackError(f"the function has not asked for work{self._process.last_lines()}")
        return (self._proxy.first_poll - float(self._started.read_text(encoding="ascii"))) * 1000


def _program() -> Path:
    name = f"aws-lambda-rie-{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    pattern = f".tools/lint/lib/python3*/site-packages/samcli/local/rapid/{name}"
    found = sorted(tools.ROOT.glob(pattern))
    if not found or platform.system() != "Linux":
        raise StackError(f"{name} is missing: it needs Linux, and `make .tools/lint/ready` installs it")
    return found[0]


def _bootstrap(folder: Path, started: Path, binary: Path, runtime_api: str) -> Path:
    """Notes the time with a shell built-in, since another process would be counted; then becomes the function."""
    path = folder / "bootstrap"
    lines = [f"#!{tools.installed('bash')}", f"export AWS_LAMBDA_RUNTIME_API={runtime_api}"]
    lines += [f"echo ${{EPOCHREALTIME/,/.}} > '{started}'", f"exec '{binary}'", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    path.chmod(0o755)
    return path


class _Proxy:
    """Passes each connection on to the runtime API."""

    def __init__(self, owner: contextlib.ExitStack, runtime_port: int) -> None:
        self.first_poll: float | None = None
        self._runtime_port = runtime_port
        self._listener = socket.create_server((LOOPBACK, 0))
        owner.callback(self._listener.close)
        self.address = f"{LOOPBACK}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        # Closing the listener ends this.
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, function: socket.socket) -> None:
        with contextlib.suppress(OSError), function:
            head = function.recv(65536)
            now = time.time()
            if self.first_poll is None and head.startswith(POLL):
                self.first_poll = now
            with socket.create_connection((LOOPBACK, self._runtime_port)) as runtime:
                runtime.sendall(head)
                threading.Thread(target=_pump, args=(runtime, function), daemon=True).start()
                _pump(function, runtime)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
