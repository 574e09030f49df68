"""Reading an object: CPU, wall time and memory of the function against what does the same without it."""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benches import baselines, first_request, objects
from benches.baselines import Place
from benches.bench import Bench
from benches.comparison import COLUMNS, Comparison, add, cpu_seconds, peak_memory, wall_seconds
from benches.cpu import Usage
from benches.nginx import BUCKET, Nginx
from benches.objects import GIB
from benches.report import Report
from scripts.stack import build, temporary
from scripts.stack.function import settings
from scripts.stack.seaweedfs import ROLE, Credentials, SeaweedFS

TEXT = """One object of random bytes in the page cache, read from servers on 127.0.0.1 by the release binary with its
defaults. Each run is a new process. Its start is not counted, nor is the server's CPU time. The function and the
baseline take turns. Each figure is the median of all runs (least to most), and each ratio that of the function to the
baseline run right after it.

The first baseline is `openssl sha1` of the file, then one curl that fetches the object to /dev/null by 8 MiB ranges on
one connection. CPU is user and system time of the processes. boto3 + hashlib is one GET read by 1 MiB, without the
start of Python. `aws s3 cp` writes to a file on disk, which mktorrent then reads. Info hashes and pieces were checked
to be the same for all."""


@dataclass(frozen=True)
class _Server:
    """A server of the objects, and what a function needs for it."""

    name: str
    endpoint: str
    credentials: Credentials | None = None
    certificate: Path | None = None
    numbers: itertools.count = field(default_factory=itertools.count)

    def ask(self, binary: Path, file: Path) -> first_request.Answer:
        """The first request for the object: each run keeps its torrent elsewhere, so that none finds one."""
        own = {"SIDECAR_PREFIX": f"run-{next(self.numbers)}/"} if self.credentials else {}
        trust = {"SSL_CERT_FILE": str(self.certificate)} if self.certificate else {}
        return first_request.ask(binary, settings(self.endpoint, self.credentials, {**own, **trust}), BUCKET, file.name)


def run(bench: Bench) -> Report:
    """All servers, at 1 and 4 GiB."""
    binary = build.release(bench.owner)
    report = Report("Reading", TEXT, COLUMNS)
    sizes = [GIB] if bench.quick else [GIB, 4 * GIB]
    for size in sizes:
        with contextlib.ExitStack() as owner:
            folder = temporary.folder(owner, "objects")
            file = objects.write(folder / "object.bin", bench.bytes(size))
            for server in _servers(owner, file):
                _compare(report, server, binary, file, bench.runs(7 if size == GIB else 5))
    return report


def _servers(owner: contextlib.ExitStack, file: Path) -> list[_Server]:
    nginx = Nginx(owner, file.parent)
    seaweedfs = SeaweedFS(owner)
    seaweedfs.create_bucket(BUCKET, public=True)
    objects.upload(seaweedfs, file, BUCKET)
    return [
        _Server("nginx", nginx.endpoint),
        _Server("nginx with TLS", nginx.tls_endpoint, certificate=nginx.certificate),
        _Server("SeaweedFS", seaweedfs.endpoint, ROLE),
    ]


def _compare(report: Report, server: _Server, binary: Path, file: Path, runs: int) -> None:
    # Not counted: it warms the caches and tells the piece length.
    torrent = server.ask(binary, file).torrent
    place = Place(server.endpoint, BUCKET, file, torrent, server.certificate)

    def ours() -> Usage:
        return server.ask(binary, file).usage

    for comparison in _comparisons(server.name, place):
        print(f"{server.name}, {place.size / GIB:g} GiB, against {comparison.name}: {runs} run(s)", flush=True)
        add(report, server.name, place.size / GIB, ours, comparison, runs)


def _comparisons(server: str, place: Place) -> Sequence[Comparison]:
    def against(name: str, baseline: Callable[[Place], Usage], *figures) -> Comparison:
        return Comparison(name, lambda: baseline(place), figures)

    fetched, copied, looped = "openssl sha1 + curl", "aws s3 cp + mktorrent", "boto3 + hashlib"
    if server == "nginx":
        return [
            against(fetched, baselines.hash_and_fetch, cpu_seconds(most=1)),
            against(copied, baselines.download_and_mktorrent, wall_seconds()),
            against(looped, baselines.boto3_loop, cpu_seconds(most=1), wall_seconds(most=0.7), peak_memory(3)),
            against("mktorrent of the file", baselines.mktorrent, wall_seconds(most=1.3)),
        ]
    if server == "SeaweedFS":
        return [
            against(fetched, baselines.hash_and_fetch, cpu_seconds(most=1)),
            against(copied, baselines.download_and_mktorrent, wall_seconds(times_less=3)),
            against(looped, baselines.boto3_loop, cpu_seconds(most=1), wall_seconds(), peak_memory(3)),
        ]
    return [against(fetched, baselines.hash_and_fetch, cpu_seconds())]
