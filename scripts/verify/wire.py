"""HTTP requests, byte for byte as they are given: no path is tidied up, and no header is added unasked."""

import http.client
import io
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from scripts.verify.outcome import Differs, NotTried

# API Gateway itself gives up after 29 s.
SECONDS = 60
AGENT = {"User-Agent": "get-object-torrent-verify"}
CURL = ("curl", "--http2", "--include", "--suppress-connect-headers", "--silent", "--show-error", "--globoff")


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Message
    body: bytes
    # Without connecting.
    seconds: float = 0

    def header(self, name: str) -> str:
        """The value of a header, empty if it is missing."""
        return ", ".join(self.headers.get_all(name, []))

    def __str__(self) -> str:
        """The status, and what the body says."""
        kind, text = self.header("content-type"), self.body.decode("utf-8", "replace")
        if error := re.search("<Code>(.*)</Code><Message>(.*)</Message>", text):
            return f"{self.status} {error[1]} ({error[2]})"
        readable = kind.startswith("text/") or kind.endswith(("/json", "/xml"))
        what = " ".join(text.split())[:200] if readable else f"of {len(self.body)} bytes"
        return " ".join([str(self.status), kind, what])


def ask(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """Sends one request by HTTP/1.1. No answer is a difference."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=SECONDS)
    try:
        connection.connect()
        started = time.monotonic()
        # The rest of the URL as it is: urlsplit would drop an empty query.
        connection.putrequest(method, url.split(parts.netloc, 1)[1] or "/", skip_accept_encoding=True)
        for name, value in {**AGENT, **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Answer(response.status, response.msg, response.read(), time.monotonic() - started)
    except (OSError, http.client.HTTPException) as error:
        raise Differs(f"no answer to {method} {url}: {error!r}") from None
    finally:
        connection.close()


def ask_http2(url: str, headers: Mapping[str, str]) -> Answer:
    """Sends one GET by HTTP/2, with curl. An empty value leaves out a header that curl would send."""
    if not shutil.which("curl") or b"HTTP2" not in subprocess.check_output(["curl", "--version"]):
        raise NotTried("there is no curl with HTTP/2 here")
    if not url.startswith("https://"):
        raise NotTried("the endpoint has no TLS, and HTTP/2 needs it")
    options = [word for name, value in {**AGENT, **headers}.items() for word in ("--header", f"{name}:{value}")]
    command = [*CURL, "--path-as-is", "--max-time", str(SECONDS), *options, url]
    ran = subprocess.run(command, capture_output=True, check=False)
    if ran.returncode != 0:
        raise Differs(f"curl --http2 failed: {ran.stderr.decode().strip()}")
    head, _, body = ran.stdout.partition(b"\r\n\r\n")
    first, _, lines = head.partition(b"\r\n")
    version, status, *_ = first.decode().split()
    if version != "HTTP/2":
        raise NotTried(f"the endpoint answered by {version}")
    return Answer(int(status), http.client.parse_headers(io.BytesIO(lines + b"\r\n\r\n")), body)
