"""The benchmarks of load and stampede work, on a small scale; and what they count as failed has failed.

Times and memory are docs/BENCHMARKS.md's business.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import quick_bench
from content import content
from functions import Functions

from benches import cost_model, info_hash, load_judge, load_objects, load_report, load_requests, server_counters
from benches.load_callers import Caller, Load, Outcome
from benches.load_judge import Answer, Wanted
from benches.load_objects import BUCKET
from benches.load_requests import BASELINE, HEAD, HIT, KINDS, MISS, MISSING, NOT_MODIFIED, PREFLIGHT, REFUSED, ROUND
from scripts.stack import build, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.seaweedfs import SeaweedFS

FIXTURES = json.loads((Path(__file__).parents[2] / "fixtures" / "fixtures.json").read_text(encoding="utf-8"))
PIECE_LENGTH = 16 * 1024
SIZE = 5 * PIECE_LENGTH + 1
# In bytes: the large ones take long to make.
LARGEST_FIXTURE = 300_000
# What is asked of objects that have a sidecar.
OF_SIDECARS = {HIT, HEAD, NOT_MODIFIED}


@pytest.fixture(scope="module")
def bucket(server: SeaweedFS) -> None:
    """The benchmarks' own."""
    server.create_bucket(BUCKET, public=True)


@pytest.fixture(scope="module")
def endpoint(functions: Functions, bucket: None) -> str:
    """A function of two instances."""
    return functions.start(processes=2, BUCKETS=BUCKET, PIECE_LENGTH=str(PIECE_LENGTH)).endpoint


@pytest.fixture
def caller(endpoint: str, server: SeaweedFS) -> Iterator[Caller]:
    caller = Caller(endpoint, server.endpoint)
    yield caller
    caller.close()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("load", [f"| {kind} |" for kind in (*KINDS, BASELINE)]),
        (
            "stampede",
            [
                "| one alone | 1 | 0 |",
                "| 8 at once, 8 instances |",
                "| 8 at once, 2 instances |",
                "| 8 at once, a job | 0 |",
            ],
        ),
    ],
)
def test_a_quick_run_has_no_failure(name: str, rows: list[str], build_shown: Callable[..., Path]) -> None:
    for program in (build.release, build.job):
        build_shown(program)
    lines = quick_bench.run(name)
    assert all(any(line.startswith(row) for line in lines) for row in rows), lines
    # As QUICK=1 does not fail on a bar; these are neither times nor memory.
    bars = [line for line in lines if line.startswith("* ") and ("failed" in line or "bytes" in line)]
    assert bars and all(line.endswith(": kept") for line in bars), lines


def test_each_request_is_counted_once_by_its_kind(endpoint: str, server: SeaweedFS) -> None:
    load = _load(endpoint, server, "counted")
    load.run(rounds=6)
    load.close()
    counted = [outcome.kind for outcome in load.outcomes]
    assert {kind: counted.count(kind) for kind in set(ROUND)} == {kind: 6 * ROUND.count(kind) for kind in set(ROUND)}
    assert [outcome for outcome in load.outcomes if outcome.fault] == []


def test_torrents_of_other_bytes_than_those_hashed_here_have_failed(endpoint: str, server: SeaweedFS) -> None:
    load = _load(endpoint, server, "replaced")
    # As if the function had mixed up the objects.
    server.client().put_object(Bucket=BUCKET, Key="replaced/0.bin", Body=b"other bytes")
    load.run(rounds=4)
    load.close()
    assert {outcome.kind for outcome in load.outcomes if outcome.fault} - {BASELINE} == OF_SIDECARS
    assert all(outcome.fault for outcome in load.outcomes if outcome.kind in OF_SIDECARS)
    assert not load_report.of(load.outcomes, {20: [1.0], 80: [1.0]}, [SIZE]).bars[0].is_kept


def test_a_request_without_an_answer_has_failed(server: SeaweedFS) -> None:
    [port] = free_ports(1)
    caller = Caller(f"http://{LOOPBACK}:{port}", server.endpoint)
    assert caller.ask(load_requests.WITHOUT_OBJECT[PREFLIGHT]) is None
    [outcome] = caller.outcomes
    assert outcome.fault is not None and "ConnectionRefusedError" in outcome.fault


SPOILT: dict[str, Callable[[Answer], Answer]] = {
    "503": lambda answer: replace(answer, status=503),
    "another origin": lambda answer: _with(answer, "x-torrent-origin", "sidecar"),
    "another info hash in the header": lambda answer: _with(answer, "x-torrent-info-hash", "0" * 40),
    "a bit of a piece hash": lambda answer: replace(answer, body=_flipped(answer.body)),
    "half a torrent": lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]),
    "nothing": lambda answer: replace(answer, body=b""),
}


def test_an_answer_that_is_wrong_in_one_thing_is_wrong(caller: Caller, server: SeaweedFS) -> None:
    [stored] = load_objects.store(server, "judged", [SIZE], PIECE_LENGTH)
    ask = load_requests.first(stored)
    answer = caller.ask(ask)
    assert answer is not None and load_judge.fault(ask.wanted, answer) is None
    for what, spoil in SPOILT.items():
        assert load_judge.fault(ask.wanted, spoil(answer)) is not None, what
    other = replace(stored, info_hash="0" * 40)
    assert load_judge.fault(load_requests.first(other).wanted, answer) is not None


@pytest.mark.parametrize("kind", [MISSING, REFUSED, PREFLIGHT])
def test_an_answer_without_a_torrent_has_to_be_the_right_one(kind: str, caller: Caller) -> None:
    ask = load_requests.WITHOUT_OBJECT[kind]
    answer = caller.ask(ask)
    assert answer is not None and caller.outcomes[0].fault is None
    assert load_judge.fault(ask.wanted, replace(answer, body=b"<Code>Other</Code>")) is not None
    assert load_judge.fault(Wanted(304), answer) is not None


def test_memory_that_grows_and_failures_are_told_by_the_bars() -> None:
    outcomes = [Outcome(kind, 0.001, None) for kind in (*KINDS, BASELINE) for _ in range(2)]
    flat = load_report.of(outcomes, {1_000: [10.0, 12.0], 4_000: [12.0, 11.0], 20_000: [11.0, 12.0]}, [SIZE]).bars
    assert [bar.is_kept for bar in flat] == [True] * 4
    failed = [*outcomes, Outcome(MISS, 0.001, "no answer")]
    grown = load_report.of(failed, {1_000: [10.0, 12.0], 4_000: [12.0, 12.0], 20_000: [11.0, 14.0]}, [SIZE]).bars
    assert [bar.is_kept for bar in grown] == [False, False, True, True]


def test_the_server_counts_what_it_has_sent(server: SeaweedFS, bucket: None) -> None:
    client = server.client()
    client.put_object(Bucket=BUCKET, Key="counted.bin", Body=bytes(1_000))
    before = server_counters.of_bucket(server, BUCKET)
    for first in (0, 100):
        client.get_object(Bucket=BUCKET, Key="counted.bin", Range=f"bytes={first}-{first + 99}")["Body"].read()
    with pytest.raises(client.exceptions.ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=BUCKET, Key="counted.bin", Body=b"", IfNoneMatch="*")
    counted = server_counters.of_bucket(server, BUCKET) - before
    assert (counted.bytes_sent, counted.requests["GET", 206], counted.requests["PUT", 412]) == (200, 2, 1)


def test_the_info_hash_by_hashlib_is_that_of_other_tools() -> None:
    small = [fixture for fixture in FIXTURES if fixture["length"] <= LARGEST_FIXTURE]
    assert small
    for fixture in small:
        body = content(fixture["length"])
        found = info_hash.of_bytes(fixture["name"].encode(), body, fixture["piece_length"])
        assert found == fixture["info_hash_of_the_four_keys"]


def test_the_document_tells_what_a_stampede_costs_by_the_formulas() -> None:
    document = (tools.ROOT / "docs" / "COSTS.md").read_text(encoding="utf-8")
    [section] = re.findall(r"## Many first requests at once\n(.*?)\n#", document, re.DOTALL)
    of_64_mib, of_1_gib = (_dollars(size) for size in (64 * cost_model.MIB, cost_model.GIB))
    assert round(50 * of_64_mib[0], 3) == round(50 * of_64_mib[1], 3) == 0.001 and "a tenth of a cent" in section
    assert f"${50 * of_1_gib[0]:.3f} to ${50 * of_1_gib[1]:.3f} for 1 GiB" in section
    assert f"1,000 at once ${1_000 * of_1_gib[0]:.2f} to ${1_000 * of_1_gib[1]:.2f}" in section


def _dollars(size: int) -> tuple[float, float]:
    """A first request's: least and most, by memory."""
    prices = [cost_model.whole_object(size).dollars(memory) for memory in cost_model.BYTES_PER_SECOND]
    return min(prices), max(prices)


def _load(endpoint: str, server: SeaweedFS, name: str) -> Load:
    """One object that is cached, and two callers."""
    hits, *fresh = (
        load_objects.store(server, folder, [SIZE], PIECE_LENGTH) for folder in (name, "misses-0", "misses-1")
    )
    return Load(endpoint, server, hits, fresh)


def _with(answer: Answer, name: str, value: str) -> Answer:
    return replace(answer, headers={**answer.headers, name: value})


def _flipped(torrent: bytes) -> bytes:
    """With another bit in the hash of the first piece."""
    at = torrent.index(b"6:pieces") + len(b"6:pieces120:")
    return torrent[:at] + bytes([torrent[at] ^ 1]) + torrent[at + 1 :]
