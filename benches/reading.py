"""Reading an object: CPU, wall time and memory of the function against what does the same without it."""

import contextlib
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benches import baselines, first_request, objects
from benches.baselines import Place
from benches.bench import Bench, spread
from benches.cpu import Usage
from benches.nginx import BUCKET, Nginx
from benches.objects import GIB
from benches.report import Bar, Report
from scripts.stack import build, temporary
from scripts.stack.function import settings
from scripts.stack.seaweedfs import ROLE, Credentials, SeaweedFS

TEXT = """One object of random bytes in the page cache, read from servers on 127.0.0.1 by a new process of the release
binary with its defaults. Its start is not counted, nor is the server's CPU time. The function and the baseline take
turns, and each ratio is to the baseline run right after it. The first baseline is `openssl sha1` of the file, then one
curl that fetches the object to /dev/null by 8 MiB ranges on one connection. CPU is user and system time. `aws s3 cp`
writes to a file on disk, which mktorrent then reads. The info hashes were checked to be the same."""
COLUMNS = ("server", "object, GiB", "baseline", "figure", "function", "baseline's", "ratio")


@dataclass(frozen=True)
class _Server:
    """A server of the objects, and what a function needs for it."""

    name: str
    endpoint: str
    credentials: Credentials | None = None
    certificate: Path | None = None

    def ask(self, binary: Path, file: Path) -> first_request.Answer:
        """The first request for the object."""
        trust = {"SSL_CERT_FILE": str(self.certificate)} if self.certificate else {}
        return first_request.ask(binary, settings(self.endpoint, self.credentials, trust), BUCKET, file.name)


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


@dataclass(frozen=True)
class _Comparison:
    """A baseline and a figure. `most` is the bar for the ratio to the baseline's, `times_less` one for its inverse."""

    server: str
    name: str
    baseline: Callable[[Place], Usage]
    figure: str
    most: float | None = None
    times_less: float | None = None

    def value(self, usage: Usage, gib: float) -> float:
        """The figure."""
        return usage.cpu / gib if self.figure == CPU else usage.wall


CPU, WALL = "CPU, s/GiB", "wall, s"
FETCHED, COPIED = "openssl sha1 + curl", "aws s3 cp + mktorrent"
COMPARISONS = (
    _Comparison("nginx", FETCHED, baselines.hash_and_fetch, CPU, most=1),
    _Comparison("nginx", COPIED, baselines.download_and_mktorrent, WALL),
    _Comparison("nginx", "mktorrent of the file", baselines.mktorrent, WALL, most=1.3),
    _Comparison("nginx with TLS", FETCHED, baselines.hash_and_fetch, CPU),
    _Comparison("SeaweedFS", FETCHED, baselines.hash_and_fetch, CPU, most=1),
    _Comparison("SeaweedFS", COPIED, baselines.download_and_mktorrent, WALL, times_less=3),
)


def _compare(report: Report, server: _Server, binary: Path, file: Path, runs: int) -> None:
    # It is not counted: it warms the caches and tells the piece length.
    torrent = server.ask(binary, file).torrent
    place = Place(server.endpoint, BUCKET, file, torrent, server.certificate)
    gib = place.size / GIB
    for comparison in (comparison for comparison in COMPARISONS if comparison.server == server.name):
        print(f"{server.name}, {gib:g} GiB, against {comparison.name}: {runs} run(s)", flush=True)
        pairs = [(server.ask(binary, file).usage, comparison.baseline(place)) for _ in range(runs)]
        ours, theirs = ([comparison.value(usage, gib) for usage in usages] for usages in zip(*pairs, strict=True))
        # Each run of ours with the baseline's that came right after it.
        ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
        values = [spread(ours), spread(theirs), spread(ratios)]
        report.rows.append([server.name, f"{gib:g}", comparison.name, comparison.figure, *values])
        what = f"{comparison.figure.partition(',')[0]} on {server.name}, {gib:g} GiB, against {comparison.name}"
        if comparison.most:
            report.bars.append(Bar(what, statistics.median(ratios), comparison.most))
        if comparison.times_less:
            times = statistics.median(1 / ratio for ratio in ratios)
            report.bars.append(Bar(f"{what}, times less", times, comparison.times_less, at_least=True))
