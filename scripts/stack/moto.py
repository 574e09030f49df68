"""moto on 127.0.0.1, in place of AWS's services."""

import contextlib
import sys

from scripts.stack import http, temporary, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process

READY_SECONDS = 60.0


class Moto:
    """A running moto. What it knows goes with it."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        [port] = free_ports(1)
        self.endpoint = f"http://{LOOPBACK}:{port}"
        # It has a line for each request.
        self.log = temporary.folder(owner, "moto") / "log"
        command = [sys.executable, "-m", "moto.server", "--host", LOOPBACK, "--port", str(port)]
        env = tools.environment(MOTO_PORT=str(port))
        self.process = Process(owner, "moto", command, log=self.log, env=env, cwd=tools.ROOT, grace_seconds=0)
        self.process.wait_until(lambda: http.accepts(port), READY_SECONDS)
