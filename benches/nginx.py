"""nginx as an S3 that costs next to nothing: a folder of buckets, path style, over HTTP and over TLS.

It answers ranged GETs and `If-Match` as S3 does, without signatures; its ETags are made of time and size.
"""

import contextlib
import os
import subprocess
from pathlib import Path

from scripts.stack import http, temporary, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process

READY_SECONDS = 60.0
BUCKET = "data"


class Nginx:
    """A running server of the objects in `objects`, a folder that is the bucket `BUCKET`."""

    def __init__(self, owner: contextlib.ExitStack, objects: Path, more: str = "") -> None:
        """`more` is further configuration of the `http` block."""
        folder = temporary.folder(owner, "nginx")
        self.folder = folder
        (folder / "buckets").mkdir()
        (folder / "buckets" / BUCKET).symlink_to(objects)
        self.certificate = _certificate(folder)
        plain, tls = free_ports(2)
        self.endpoint = f"http://{LOOPBACK}:{plain}"
        self.tls_endpoint = f"https://{LOOPBACK}:{tls}"
        (folder / "nginx.conf").write_text(_configuration(plain, tls, more), encoding="utf-8")
        # Without -e it would open the log in /var that was compiled in.
        options = ["-e", "stderr", "-p", folder, "-c", "nginx.conf"]
        command = [tools.installed("nginx"), *options]
        self.process = Process(owner, "nginx", command, log=folder / "log", env=tools.environment(), cwd=folder)
        self.process.wait_until(lambda: http.accepts(plain) and http.accepts(tls), READY_SECONDS)


def _certificate(folder: Path) -> Path:
    """Of 127.0.0.1, signed by itself."""
    certificate = folder / "certificate.pem"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=get-object-torrent"
    extensions = ["-addext", f"subjectAltName=IP:{LOOPBACK}", "-addext", "basicConstraints=CA:FALSE"]
    command = [tools.installed("openssl"), *options.split(), *extensions]
    output = ["-keyout", folder / "key.pem", "-out", certificate]
    subprocess.run([*command, *output], check=True, capture_output=True, env=tools.environment())
    return certificate


def _configuration(plain: int, tls: int, more: str) -> str:
    # Started by root its workers would be another user, who may not read a temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"  {kind}_temp_path {kind};" for kind in kinds)
    return f"""{user}
daemon off;
worker_processes {os.cpu_count()};
pid nginx.pid;
events {{}}
http {{
{paths}
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  root buckets;
  server {{
    listen {LOOPBACK}:{plain};
    listen {LOOPBACK}:{tls} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
  }}
{more}
}}
"""
