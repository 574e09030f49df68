"""Downloading by a torrent with the clients that people have. (libtorrent itself: scripts.stack.download)

As a rule from web seeds alone; with `peers_at`, the address for other peers, also from those that its trackers know.
"""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.stack import download, http, temporary, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process

DOWNLOAD_SECONDS = 120.0
READY_SECONDS = 30.0

Downloader = Callable[[bytes, Path], Path]


def libtorrent(torrent: bytes, folder: Path) -> Path:
    """The newest one."""
    return download.download(torrent, folder / "libtorrent")


def libtorrent20(torrent: bytes, folder: Path) -> Path:
    """The one that Deluge, and qBittorrent as most people have it, come with."""
    target = folder / "libtorrent20"
    python = tools.ROOT / ".tools" / "libtorrent20" / "bin" / "python"
    _run([python, "-m", "scripts.stack.download", write(torrent, folder), target], folder)
    return _only_entry(target)


def qbittorrent(torrent: bytes, folder: Path) -> Path:
    """qbittorrent-nox."""
    target = folder / "qbittorrent"
    with contextlib.ExitStack() as owner:
        client = QBittorrent(owner)
        client.call("add", urls=str(write(torrent, folder)), savepath=str(target))
        client.process.wait_until(client.is_complete, DOWNLOAD_SECONDS)
    return _only_entry(target)


def aria2(torrent: bytes, folder: Path, peers_at: str | None = None) -> Path:
    """aria2c, which ends with the download."""
    target = folder / "aria2"
    source = write(torrent, folder)
    options = [*aria2_options(target, peers_at or LOOPBACK), "--seed-time=0", "--bt-stop-timeout=30"]
    options += [] if peers_at else ["--bt-exclude-tracker=*"]
    _run([tools.installed("aria2c"), *options, source], folder)
    return _only_entry(target)


def aria2_options(target: Path, peers_at: str) -> list[str]:
    """Those that every aria2c here has."""
    [port] = free_ports(1)
    options = ["no-conf", f"dir={target}", f"interface={peers_at}", "disable-ipv6", f"listen-port={port}"]
    options += ["enable-dht=false", "enable-dht6=false", "bt-enable-lpd=false", "enable-peer-exchange=false"]
    return [f"--{option}" for option in [*options, "file-allocation=none"]]


def transmission(torrent: bytes, folder: Path, peers_at: str = LOOPBACK) -> Path:
    """transmission-daemon, told by its RPC."""
    target = folder / "transmission"
    target.mkdir()
    with contextlib.ExitStack() as owner:
        daemon = Transmission(owner, target, peers_at)
        daemon.rpc("torrent-add", filename=str(write(torrent, folder)))
        daemon.wait_for(1)
    return _only_entry(target)


DOWNLOADERS: dict[str, Downloader] = {
    "libtorrent": libtorrent,
    "libtorrent20": libtorrent20,
    "qbittorrent": qbittorrent,
    "aria2": aria2,
    "transmission": transmission,
}


def by_all(torrent: bytes, folder: Path, *without: str) -> dict[str, Path]:
    """What each client has downloaded, all at the same time."""

    def download(name: str) -> Path:
        own = folder / f"by-{name}"
        own.mkdir()
        try:
            return DOWNLOADERS[name](torrent, own)
        except BaseException as error:
            error.add_note(f"by {name}")
            raise

    names = [name for name in DOWNLOADERS if name not in without]
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(download, names), strict=True))


# SSRFMitigation refuses web seeds on loopback whose URL has a query (`?versionId=`).
_QBITTORRENT_CONFIG = """\
[LegalNotice]
Accepted=true
[BitTorrent]
Session\\DHTEnabled=false
Session\\InterfaceAddress={peers_at}
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\Port={peer_port}
Session\\SSRFMitigation=false
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address={address}
WebUI\\LocalHostAuth=false
WebUI\\Port={port}
"""


_TRANSMISSION_SETTINGS = {
    "bind-address-ipv6": "::1",
    "port-forwarding-enabled": False,
    "dht-enabled": False,
    "lpd-enabled": False,
    "pex-enabled": False,
    "utp-enabled": False,
    "rpc-bind-address": LOOPBACK,
    "rpc-authentication-required": False,
    "rpc-host-whitelist-enabled": False,
    "incomplete-dir-enabled": False,
    "start-added-torrents": True,
    "umask": 18,
}


class QBittorrent:
    """A running qbittorrent-nox with at most one torrent, told by its Web API."""

    def __init__(self, owner: contextlib.ExitStack, peers_at: str = LOOPBACK) -> None:
        port, peer_port = free_ports(2)
        self._api = f"http://{LOOPBACK}:{port}/api/v2/torrents"
        profile = temporary.folder(owner, "qbittorrent")
        config = profile / "qBittorrent" / "config" / "qBittorrent.conf"
        config.parent.mkdir(parents=True)
        own = {"address": LOOPBACK, "peers_at": peers_at, "port": port, "peer_port": peer_port}
        config.write_text(_QBITTORRENT_CONFIG.format(**own), encoding="utf-8")
        self.process = Process(
            owner,
            "qbittorrent-nox",
            [tools.installed("qbittorrent-nox"), f"--profile={profile}"],
            log=profile / "log",
            env=tools.environment(HOME=str(profile)),
            grace_seconds=0,
        )
        self.process.wait_until(lambda: self.call("info") is not None, READY_SECONDS)

    def call(self, method: str, **form: str) -> bytes | None:
        """The answer; `None` while it does not answer."""
        return http.body(f"{self._api}/{method}", form)

    def status(self) -> dict[str, Any]:
        """What it says of the torrent."""
        [torrent] = json.loads(self.call("info") or b"[{}]") or [{}]
        assert torrent.get("state") not in ("error", "missingFiles"), torrent
        return torrent

    def is_complete(self) -> bool:
        """Whether the torrent is there in whole, and checked."""
        torrent = self.status()
        return torrent.get("progress") == 1 and torrent["amount_left"] == 0


class Transmission:
    """A running transmission-daemon, which downloads to `target` as a rule."""

    def __init__(self, owner: contextlib.ExitStack, target: Path, peers_at: str = LOOPBACK) -> None:
        self.port, peer_port = free_ports(2)
        self._url = f"http://{LOOPBACK}:{self.port}/transmission/rpc"
        # A 409 names the session that later calls carry.
        self._session = ""
        home = temporary.folder(owner, "transmission")
        ports = {"rpc-port": self.port, "peer-port": peer_port}
        own = {"download-dir": str(target), "bind-address-ipv4": peers_at, **ports}
        settings = {**_TRANSMISSION_SETTINGS, **own}
        (home / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        self._process = Process(
            owner,
            "transmission-daemon",
            [tools.installed("transmission-daemon"), "--foreground", "--config-dir", home],
            log=home / "log",
            env=tools.environment(),
            # It has nobody to say good-bye to, and its home goes with it.
            grace_seconds=0,
        )
        self._process.wait_until(lambda: self.rpc("session-get") is not None, READY_SECONDS)

    def rpc(self, method: str, **arguments: object) -> dict[str, Any] | None:
        """The result's arguments; `None` while the daemon does not answer."""
        body = json.dumps({"method": method, "arguments": arguments}).encode()
        for _ in range(2):
            request = urllib.request.Request(self._url, body, {"X-Transmission-Session-Id": self._session})
            try:
                with http.DIRECT.open(request, timeout=10) as response:
                    answer = json.load(response)
                    assert answer["result"] == "success", answer
                    return answer["arguments"]
            except urllib.error.HTTPError as error:
                self._session = error.headers.get("X-Transmission-Session-Id", "")
            except OSError:
                break
        return None

    def wait_for(self, count: int) -> None:
        """Waits until it has so many torrents, each in whole."""
        self._process.wait_until(lambda: self._complete() == [True] * count, DOWNLOAD_SECONDS)

    def _complete(self) -> list[bool]:
        answer = self.rpc("torrent-get", fields=["percentDone", "leftUntilDone", "error", "errorString"])
        torrents = answer["torrents"] if answer else []
        # 1 and 2 are tracker troubles; 3 is of the disk.
        assert all(torrent["error"] != 3 for torrent in torrents), torrents
        return [torrent["percentDone"] == 1 and torrent["leftUntilDone"] == 0 for torrent in torrents]


def _run(command: list[str | Path], home: Path) -> None:
    """Runs a client that ends with the download."""
    ran = subprocess.run(
        command,
        cwd=tools.ROOT,
        env=dict(tools.environment(HOME=str(home))),
        capture_output=True,
        text=True,
        timeout=DOWNLOAD_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-2000:]


def write(torrent: bytes, folder: Path) -> Path:
    path = folder / f"given-{time.monotonic_ns()}.torrent"
    path.write_bytes(torrent)
    return path


def _only_entry(folder: Path) -> Path:
    """The file, or the folder of a torrent of many files."""
    [entry] = [path for path in folder.iterdir() if path.suffix != ".aria2"]
    return entry
