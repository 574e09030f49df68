"""The web seeds of a swarm: nginx at two addresses, which limits each connection and counts what it sends."""

import contextlib
import signal
from collections.abc import Mapping
from pathlib import Path

from benches.nginx import BUCKET, Nginx
from scripts.stack.descendants import send
from scripts.stack.ports import free_ports

# Different hosts, as clients open one connection to each.
HOSTS = ("127.0.0.1", "127.0.0.2")
BYTES_PER_SECOND = 8_000_000
END_SECONDS = 30.0
LOG = "egress.log"


class WebSeeds:
    """A bucket of the files in `objects`, at two URLs."""

    def __init__(self, owner: contextlib.ExitStack, objects: Path) -> None:
        [port] = free_ports(1)
        self._nginx = Nginx(owner, objects, _configuration(port))
        self.templates = [f"http://{host}:{port}/{BUCKET}/{{key}}" for host in HOSTS]

    def bytes_sent(self) -> Mapping[str, int]:
        """What went out in bodies, by file. This ends nginx, which notes a response when its connection is done."""
        process = self._nginx.process
        send(process.pid, signal.SIGQUIT)
        process.wait_for_end(END_SECONDS, lambda elapsed: None)
        sent: dict[str, int] = {}
        for line in (self._nginx.folder / LOG).read_text(encoding="ascii").splitlines():
            path, _, count = line.partition(" ")
            name = path.rpartition("/")[2]
            sent[name] = sent.get(name, 0) + int(count)
        return sent


def _configuration(port: int) -> str:
    listen = "\n".join(f"    listen {host}:{port};" for host in HOSTS)
    return f"""
  log_format egress '$uri $body_bytes_sent';
  server {{
{listen}
    access_log {LOG} egress;
    limit_rate {BYTES_PER_SECOND};
  }}"""
