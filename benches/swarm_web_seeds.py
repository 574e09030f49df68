"""The web seeds of a swarm: nginx at three addresses, which limits each connection and counts what it sends."""

import contextlib
import signal
from pathlib import Path

from benches.nginx import BUCKET, Nginx
from scripts.stack.descendants import send
from scripts.stack.ports import free_ports

# Different hosts, as clients open one connection to each.
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
BYTES_PER_SECOND = 4_000_000
END_SECONDS = 30.0
LOG = "egress.log"


class WebSeeds:
    """A bucket of the files in `objects`, at three URLs."""

    def __init__(self, owner: contextlib.ExitStack, objects: Path) -> None:
        [port] = free_ports(1)
        self._nginx = Nginx(owner, objects, _configuration(port))
        # For the function, whose reads are not counted.
        self.endpoint = self._nginx.endpoint
        self.templates = [f"http://{host}:{port}/{BUCKET}/{{key}}" for host in HOSTS]

    def bytes_sent(self) -> int:
        """All that went out in bodies. This ends nginx, which notes a response when its connection is done with it."""
        process = self._nginx.process
        send(process.pid, signal.SIGQUIT)
        process.wait_for_end(END_SECONDS, lambda elapsed: None)
        return sum(int(line) for line in (self._nginx.folder / LOG).read_text(encoding="ascii").split())


def _configuration(port: int) -> str:
    listen = "\n".join(f"    listen {host}:{port};" for host in HOSTS)
    return f"""
  log_format egress '$body_bytes_sent';
  server {{
{listen}
    access_log {LOG} egress;
    limit_rate {BYTES_PER_SECOND};
  }}"""
