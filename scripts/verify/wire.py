"""HTTP requests, byte for byte as they are given: no path is tidied up, and no header is added unasked."""

import http.client
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scripts.verify.outcome import Differs, NotTried

# API Gateway itself gives up after 29 s.
SECONDS = 60
AGENT = {"User-Agent": "get-object-torrent-verify"}


@dataclass(frozen=True)
class Answer:
    """An HTTP response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    # From the request to the last byte, without connecting.
    seconds: float

    def header(self, name: str) -> str:
        """The value of a header, empty if it is missing."""
        return self.headers.get(name, "")

    def __str__(self) -> str:
        """The status, and what the body says."""
        kind, text = self.header("content-type"), self.body.decode("utf-8", "replace")
        if error := re.search("<Code>(.*)</Code><Message>(.*)</Message>", text):
            return f"{self.status} {error[1]} ({error[2]})"
        if kind.startswith("text/") or kind.endswith(("/json", "/xml")):
            return f"{self.status} {kind} {' '.join(text.split())[:200]}"
        return f"{self.status} {kind} of {len(self.body)} bytes".replace("  ", " ")


def ask(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """Sends one request by HTTP/1.1. Raises `OSError` or `http.client.HTTPException` without an answer."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=SECONDS)
    try:
        connection.connect()
        started = time.monotonic()
        # The rest of the URL as it is: urlsplit would drop an empty query.
        target = url.split(parts.netloc, 1)[1] or "/"
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in {**AGENT, **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        return Answer(response.status, _headers(response.getheaders()), body, time.monotonic() - started)
    finally:
        connection.close()


def must_ask(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """Sends one request. No answer is a difference."""
    try:
        return ask(url, method, headers)
    except (OSError, http.client.HTTPException) as error:
        raise Differs(f"no answer to {method} {url}: {error!r}") from None


def ask_http2(url: str, headers: Mapping[str, str]) -> Answer:
    """Sends one GET by HTTP/2, with curl. An empty value leaves out a header that curl would send."""
    curl = shutil.which("curl")
    if curl is None or "HTTP2" not in curl_version(curl):
        raise NotTried("there is no curl with HTTP/2 here")
    if not url.startswith("https://"):
        raise NotTried("the endpoint has no TLS, and HTTP/2 needs it")
    options = [word for name, value in {**AGENT, **headers}.items() for word in ("--header", f"{name}:{value}")]
    with tempfile.TemporaryDirectory() as folder:
        head, body = Path(folder, "head"), Path(folder, "body")
        output = ["--dump-header", head, "--output", body, "--write-out", "%{http_version} %{time_total}"]
        flags = ["--http2", "--silent", "--show-error", "--globoff", "--path-as-is", "--max-time", str(SECONDS)]
        ran = subprocess.run([curl, *flags, *options, *output, url], capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise Differs(f"curl --http2 failed: {ran.stderr.strip()}")
        version, seconds = ran.stdout.split()
        if version != "2":
            raise NotTried(f"the endpoint answered by HTTP/{version}")
        status, *lines = head.read_text(encoding="latin-1").strip().splitlines()
        pairs = [tuple(re.split(r":\s*", line, maxsplit=1)) for line in lines if ":" in line]
        content = body.read_bytes() if body.exists() else b""
        return Answer(int(status.split()[1]), _headers(pairs), content, float(seconds))


def curl_version(curl: str | None = None) -> str:
    """What curl says about itself, or nothing if there is none."""
    curl = curl or shutil.which("curl")
    return subprocess.run([curl, "--version"], capture_output=True, text=True, check=False).stdout if curl else ""


def _headers(pairs: list[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
