"""What one request costs, by where the piece hashes come from: the formulas behind docs/COSTS.md's cost table.

S3 requests follow from the code's own rules, and `cost.py` holds them to measured ones. Prices, throughput and
latency are assumptions, and marked as such in the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

KIB, MIB, GIB, TIB = (1024**power for power in range(1, 5))

# Assumptions: list prices of us-east-1 in dollars, without any free tier.
GB_SECOND = 0.0000133334
INVOCATION = 0.20 / 1e6
API_REQUEST = 3.50 / 1e6
GET = 0.0004 / 1e3
PUT = 0.005 / 1e3
GB_TO_CALLER = 0.09
# Assumptions: bytes a second that a function of so many MB reads and hashes, and seconds until S3 answers.
BYTES_PER_SECOND = {128: 75e6, 512: 150e6, 1769: 300e6}
STEP_SECONDS = 0.05

# The code's rules.
RANGE_SIZE = 16 * MIB
TIME_BUDGET_SECONDS = 25
PARTS_A_PAGE = 1_000
LARGEST_PART = 64 * MIB
DIGEST_BYTES = 20
# What a torrent has besides the piece hashes, about.
WRAPPING_BYTES = 600

SIZES = {"1 GiB": GIB, "100 GiB": 100 * GIB, "1 TiB": TIB}
ORIGINS = ("sidecar", "part-checksums", "object")


@dataclass(frozen=True)
class Work:
    """The work of a request: S3 requests, how many follow one another, and bytes in and out."""

    gets: int
    puts: int
    steps: int
    bytes_read: int
    torrent_bytes: int

    def seconds(self, memory: int) -> float:
        """How long a function with so many MB runs."""
        return self.steps * STEP_SECONDS + (self.bytes_read + self.torrent_bytes) / BYTES_PER_SECOND[memory]

    def gb_seconds(self, memory: int) -> float:
        """As Lambda bills them."""
        return memory / 1024 * self.seconds(memory)

    def is_in_time(self, memory: int) -> bool:
        """Whether it ends within the time budget."""
        return self.seconds(memory) <= TIME_BUDGET_SECONDS

    def dollars(self, memory: int) -> float:
        """The price of Lambda, S3, API Gateway, and sending the torrent."""
        lambda_ = self.gb_seconds(memory) * GB_SECOND + INVOCATION
        return lambda_ + self.gets * GET + self.puts * PUT + API_REQUEST + self.torrent_bytes / 1e9 * GB_TO_CALLER


def work(origin: str, size: int) -> Work | None:
    """The work for an object of `size` bytes, or `None` if this origin cannot have its hashes."""
    return {"sidecar": sidecar, "part-checksums": part_checksums, "object": whole_object}[origin](size)


def sidecar(size: int) -> Work:
    """HEAD and the sidecar's GET, side by side."""
    return Work(gets=2, puts=0, steps=1, bytes_read=0, torrent_bytes=torrent_bytes(size, piece_length(size)))


def part_checksums(size: int, part: int | None = None) -> Work | None:
    """HEAD and the sidecar's GET, then page after page of parts, then the sidecar's PUT."""
    part = part or uploaded_part(size)
    if part > LARGEST_PART:
        return None
    pages = ceil(ceil(size / part) / PARTS_A_PAGE)
    return Work(gets=2 + pages, puts=1, steps=2 + pages, bytes_read=0, torrent_bytes=torrent_bytes(size, part))


def whole_object(size: int) -> Work:
    """HEAD and the sidecar's GET, then ranges of whole pieces, then the sidecar's PUT."""
    piece = piece_length(size)
    ranges = ceil(size / (ceil(RANGE_SIZE / piece) * piece))
    return Work(gets=2 + ranges, puts=1, steps=3, bytes_read=size, torrent_bytes=torrent_bytes(size, piece))


def out_of_time(memory: int) -> Work:
    """A request that reads until its time is up, and then answers 503."""
    read = round((TIME_BUDGET_SECONDS - 2 * STEP_SECONDS) * BYTES_PER_SECOND[memory])
    return Work(gets=2 + ceil(read / RANGE_SIZE), puts=0, steps=2, bytes_read=read, torrent_bytes=0)


def piece_length(size: int) -> int:
    """src/torrent/piece_length.rs: near 2,048 pieces, at most 16 MiB up to 3 TiB."""
    length = 256 * KIB
    while length < 16 * MIB and size > 2_048 * length:
        length *= 2
    while size > 200_000 * length:
        length *= 2
    return length


def uploaded_part(size: int) -> int:
    """The part size of `aws s3 cp`: 8 MiB, doubled until 10,000 suffice."""
    part = 8 * MIB
    while size > 10_000 * part:
        part *= 2
    return part


def torrent_bytes(size: int, piece: int) -> int:
    """The size of the .torrent file, about."""
    return ceil(size / piece) * DIGEST_BYTES + WRAPPING_BYTES


def columns() -> list[str]:
    """The columns of the table."""
    gb_seconds = [f"GB-s, {memory} MB" for memory in BYTES_PER_SECOND]
    dollars = [f"$, {memory} MB" for memory in BYTES_PER_SECOND]
    return ["object", "origin", "GET, HEAD", "PUT", *gb_seconds, *dollars]


def rows() -> list[list[str]]:
    """The rows. Requests that run out of time say 503, and the last row is what those cost."""
    found = [_row(name, origin, work(origin, size)) for name, size in SIZES.items() for origin in ORIGINS]
    failing = {memory: out_of_time(memory) for memory in BYTES_PER_SECOND}
    gets = [f"{work.gets:,}" for work in failing.values()]
    return [*found, ["too large", "503", f"{gets[0]} to {gets[-1]}", "0", *_prices(failing)]]


def _row(name: str, origin: str, work: Work | None) -> list[str]:
    if work is None:
        return [name, origin, *["n/a"] * (2 + 2 * len(BYTES_PER_SECOND))]
    in_time = {memory: work if work.is_in_time(memory) else None for memory in BYTES_PER_SECOND}
    return [name, origin, f"{work.gets:,}", f"{work.puts:,}", *_prices(in_time)]


def _prices(works: Mapping[int, Work | None]) -> list[str]:
    """GB-seconds, then dollars for 1,000 requests, of what ends in time."""
    gb_seconds = [f"{work.gb_seconds(memory):.3f}" if work else "503" for memory, work in works.items()]
    return [*gb_seconds, *(f"{1000 * work.dollars(memory):.3f}" if work else "503" for memory, work in works.items())]
