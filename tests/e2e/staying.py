"""Clients that stay: each downloads one torrent and seeds it, and can be given the torrent again."""

import contextlib
import json
import re
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import downloads
import libtorrent
from store import KIB
from swarm import Peer, wait

from scripts.stack import temporary, tools
from scripts.stack.descendants import send
from scripts.stack.processes import Process

# Of each client, in bytes a second.
LIMIT = 512 * KIB
END_SECONDS = 30.0


def repeat(owner: contextlib.ExitStack, seconds: float, do: Callable[[], object]) -> None:
    """Does it again and again until `owner` closes."""
    end = threading.Event()

    def run() -> None:
        while not end.wait(seconds):
            do()

    threading.Thread(target=run, daemon=True).start()
    owner.callback(end.set)


class Client:
    """A client of one torrent, which it downloads to `folder`. It is killed when `owner` closes."""

    def __init__(self, owner: contextlib.ExitStack, address: str) -> None:
        self._owner, self._address = owner, address
        self.folder = temporary.folder(owner, "client")

    def _write(self, torrent: bytes) -> Path:
        return downloads.write(torrent, temporary.folder(self._owner, "torrent"))


class Libtorrent(Client):
    """Adding a torrent that it has changes nothing, so the torrent is removed first."""

    def __init__(self, owner: contextlib.ExitStack, address: str) -> None:
        super().__init__(owner, address)
        self._told = ""
        owner.callback(lambda: self._peer.stop())

    def add(self, torrent: bytes) -> None:
        self._peer = Peer(torrent, self.folder, f"{self._address}:6881")
        self._peer.handle.set_download_limit(LIMIT)

    def add_again(self, torrent: bytes) -> None:
        self._peer.stop()
        self.add(torrent)

    def share(self) -> float:
        return self._peer.handle.status().progress

    def told(self) -> str:
        for alert in self._peer.session.pop_alerts():
            self._told = alert.message() if isinstance(alert, libtorrent.tracker_warning_alert) else self._told
        return self._told


class Aria2(Client):
    """It goes on from its control file, which it writes when it is stopped."""

    def __init__(self, owner: contextlib.ExitStack, address: str) -> None:
        super().__init__(owner, address)
        self._log = self.folder / "log"
        limits = [f"--max-download-limit={LIMIT}", "--summary-interval=1", "--seed-ratio=0"]
        self._command = [tools.installed("aria2c"), *downloads.aria2_options(self.folder, address), *limits]

    def add(self, torrent: bytes) -> None:
        command, env = [*self._command, self._write(torrent)], tools.environment(HOME=str(self.folder))
        self._process = Process(self._owner, "aria2c", command, log=self._log, env=env, grace_seconds=0)

    def add_again(self, torrent: bytes) -> None:
        send(self._process.pid, signal.SIGINT)
        self._process.wait_for_end(END_SECONDS)
        self.add(torrent)

    def share(self) -> float:
        log = self._log.read_text(encoding="utf-8")
        shares = re.findall(r"(?:\((\d+)%\)|SEED)", log)
        return int(shares[-1] or 100) / 100 if shares else 0

    def told(self) -> str:
        return "".join(re.findall(r"warning message: .*", self._log.read_text(encoding="utf-8"))[-1:])


class Transmission(Client):
    """It refuses a torrent that it has, so the torrent is removed first."""

    def __init__(self, owner: contextlib.ExitStack, address: str) -> None:
        super().__init__(owner, address)
        self._daemon = downloads.Transmission(owner, self.folder, address)
        self._daemon.rpc("session-set", **{"speed-limit-down": LIMIT // KIB, "speed-limit-down-enabled": True})

    def add(self, torrent: bytes) -> None:
        self._daemon.rpc("torrent-add", filename=str(self._write(torrent)))

    def add_again(self, torrent: bytes) -> None:
        self._daemon.rpc("torrent-remove")
        self.add(torrent)

    def share(self) -> float:
        return self._field("percentDone") or 0

    def told(self) -> str:
        return self._field("errorString") or ""

    def _field(self, name: str) -> Any:
        answer = self._daemon.rpc("torrent-get", fields=[name])
        return answer["torrents"][0][name] if answer else None


class QBittorrent(Client):
    """Adding a torrent that it has changes nothing, so the torrent is removed first."""

    def __init__(self, owner: contextlib.ExitStack, address: str) -> None:
        super().__init__(owner, address)
        self._client = downloads.QBittorrent(owner, address)
        # By itself it announces every five minutes at most. Each call puts the next announce off by a second.
        repeat(owner, 3, partial(self._client.call, "reannounce", hashes="all"))

    def add(self, torrent: bytes) -> None:
        self._client.call("add", urls=str(self._write(torrent)), savepath=str(self.folder), dlLimit=str(LIMIT))

    def add_again(self, torrent: bytes) -> None:
        self._client.call("delete", hashes="all", deleteFiles="false")
        wait(lambda: not self._client.status(), "qBittorrent removes the torrent")
        self.add(torrent)

    def share(self) -> float:
        return self._client.status().get("progress", 0)

    def told(self) -> str:
        trackers = self._client.call("trackers", hash=self._client.status()["hash"])
        return "".join(tracker["msg"] for tracker in json.loads(trackers or b"[]") if tracker["tier"] >= 0)


CLIENTS = {"libtorrent": Libtorrent, "aria2": Aria2, "transmission": Transmission, "qbittorrent": QBittorrent}
