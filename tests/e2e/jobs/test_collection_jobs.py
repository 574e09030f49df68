"""The job for all objects below a prefix: the same state machine and functions, a manifest more."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clients
import folders
import libtorrent
import pytest
from deployment import JOB_SECONDS, Gate, Job, Jobs, fragments, span_key, wait_for
from functions import Functions
from store import GIB, LISTED, MIB, PRIVATE, Store, random_bytes
from test_job import SUCCEEDED, at, digests, inline, sidecar
from test_job_requests import PATIENT

from scripts.stack import metainfo

SPAN = MIB
# Spans end within objects, between them, and many times within one.
LENGTHS = {"a-b": 700_000, "a/empty": 0, "a/small": 3, "b": SPAN - 700_003, "c/large": 3 * SPAN + 5, "é": 9}
LENGTH = sum(LENGTHS.values())
STARTS = list(range(0, LENGTH, SPAN))
EVERYTHING = {"items.json", "manifest.jsonl", *(span_key(start, min(start + SPAN, LENGTH)) for start in STARTS)}

# Apart from the prefix: a service that keeps its sidecars elsewhere would take them for objects like others.
APART = {"SIDECAR_PREFIX": "made/"}
SMALL_SPANS = {"SPAN_SIZE": str(SPAN), **APART}


@pytest.fixture
def job(jobs: Jobs) -> Job:
    """A job of small spans."""
    return jobs.deploy(**SMALL_SPANS)


@pytest.fixture(params=[LISTED])
def prefix(request: pytest.FixtureRequest, store: Store, folder: Path) -> str:
    """Objects whose bytes cross spans."""
    prefix = store.key(f"{folder.name}/set/")
    folders.upload(store.client, folders.write(folder / "set", LENGTHS), request.param, prefix)
    return prefix


@pytest.fixture
def many(store: Store) -> Iterator[tuple[str, dict[str, bytes]]]:
    """3 GiB in 3,000 objects, some of which cross spans: the prefix, and what is below it."""
    large = random_bytes(200 * MIB, seed=64)
    small = [random_bytes(number * 31_337, seed=number) for number in range(64)]
    bodies = {f"{number % 9}/{number:04}": small[number * 7 % 64] for number in range(2_997)}
    bodies |= {f"{folder}/large": large for folder in (0, 4, 8)}
    sources = {id(body): store.put(f"sources/{number}", body, LISTED) for number, body in enumerate([*small, large])}
    keys = {store.key(f"set/{path}"): sources[id(body)] for path, body in bodies.items()}

    def copy(key: str) -> None:
        # The server makes it itself: sent, they would take minutes.
        store.client.copy_object(Bucket=LISTED, Key=key, CopySource={"Bucket": LISTED, "Key": keys[key]})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(copy, keys))
        yield store.key("set/"), bodies
        list(pool.map(lambda key: store.client.delete_object(Bucket=LISTED, Key=key), [*keys, *sources.values()]))


def info_hash(bodies: dict[str, bytes], piece_length: int) -> str:
    """By Python alone, but for libtorrent's bencode."""
    paths = sorted(bodies, key=str.encode)
    files = [{b"length": len(bodies[path]), b"path": path.encode().split(b"/")} for path in paths]
    pieces, rest = [], b""
    for path in paths:
        rest += bodies[path]
        whole = len(rest) - len(rest) % piece_length
        pieces.append(digests(rest[:whole], piece_length))
        rest = rest[whole:]
    hashed = b"".join(pieces) + digests(rest, piece_length)
    info = {b"files": files, b"name": b"set", b"piece length": piece_length, b"pieces": hashed}
    return hashlib.sha1(libtorrent.bencode(info)).hexdigest()


def left(store: Store, job: Job, bucket: str = LISTED) -> set[str]:
    return fragments(store, job.id(), bucket, "made/")


def made(store: Store, prefix: str, bucket: str = LISTED) -> bytes:
    return sidecar(store, prefix, bucket, "made/")


def test_three_gibibytes_while_a_child_is_killed(
    jobs: Jobs, functions: Functions, store: Store, many: tuple[str, dict[str, bytes]]
) -> None:
    prefix, bodies = many
    length = sum(map(len, bodies.values()))
    assert (len(bodies), length > 3 * GIB) == (3_000, True)
    job = jobs.deploy(**APART)
    execution = job.start(prefix, LISTED, collection=True)
    killed = job.hasher.kill_at_work(0.02, JOB_SECONDS)
    assert execution.ended() == SUCCEEDED
    assert job.hashed() == sorted([*range(0, length, 64 * MIB), killed["span"]["start"]])
    torrent = made(store, prefix)
    assert torrent == inline(functions, prefix, LISTED, INLINE_MAX_SIZE=str(4 * GIB), INLINE_MAX_OBJECTS="100000")
    contents = metainfo.read(torrent)
    assert contents.info_hash == info_hash(bodies, contents.piece_length)


@pytest.mark.parametrize(
    ("access", "prefix"), [("public-read", LISTED), ("function-role", PRIVATE)], indirect=["prefix"]
)
def test_a_job_makes_the_torrent_of_a_single_request(
    jobs: Jobs, functions: Functions, store: Store, prefix: str, access: str
) -> None:
    # The role that hashes may read, and may not list.
    job = jobs.deploy(ACCESS=access, **SMALL_SPANS)
    bucket = PRIVATE if access == "function-role" else LISTED
    gate = job.function.before = Gate(lambda event: event["task"] == "assemble")
    execution = job.start(prefix, bucket, collection=True)
    with gate.reached():
        assert left(store, job, bucket) == EVERYTHING
    assert execution.ended() == SUCCEEDED
    assert job.hashed() == STARTS
    assert left(store, job, bucket) == set()
    assert made(store, prefix, bucket) == inline(functions, prefix, bucket, ACCESS=access)


@pytest.mark.parametrize("change", ["replaced", "deleted", "added"])
@pytest.mark.parametrize("task", ["hash", "assemble"])
def test_objects_that_change_meanwhile_end_the_job_and_the_next_one_reads_what_is_there(
    job: Job, functions: Functions, store: Store, prefix: str, task: str, change: str
) -> None:
    gate = Gate(at(STARTS[2]) if task == "hash" else lambda event: event["task"] == "assemble")
    (job.hasher if task == "hash" else job.function).before = gate
    execution = job.start(prefix, LISTED, collection=True)
    with gate.reached():
        if change == "deleted":
            store.client.delete_object(Bucket=LISTED, Key=f"{prefix}c/large")
        else:
            name = "c/large" if change == "replaced" else "added"
            store.put_at(f"{prefix}{name}", random_bytes(2 * SPAN), LISTED)
    assert execution.ended().error == "ObjectChanged"
    assert left(store, job) == set()
    assert store.client.list_objects_v2(Bucket=LISTED, Prefix=f"made/{prefix}")["KeyCount"] == 0
    assert job.run(prefix, LISTED, collection=True) == SUCCEEDED
    assert made(store, prefix) == inline(functions, prefix, LISTED)


def test_two_first_requests_start_one_job(job: Job, jobs: Jobs, store: Store, prefix: str) -> None:
    api = jobs.api(job, processes=2, TIME_BUDGET_MS=PATIENT)
    gate = job.function.before = Gate(lambda event: event["task"] == "plan")
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(clients.boto_torrent, api.endpoint, LISTED, prefix) for _ in range(2)]
        with gate.reached():
            wait_for(lambda: api.log.read_text().count("a job reads the object") == 2, "both callers")
        torrents = {future.result() for future in asked}
    assert torrents == {made(store, prefix)}
    assert [execution.name for execution in job.executions()] == [f"{job.id()}-1"]
    assert job.hashed() == STARTS
