"""The job: the state machine that is deployed, run by moto's interpreter, with the built functions and a real S3."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator

import clients
import libtorrent
import pytest
from deployment import CONCURRENCY, JOB_SECONDS, Ended, Execution, Gate, Job, Jobs, created, fragments, span_key
from functions import Functions
from store import (
    FRAGMENT_WRITER,
    GIB,
    LARGE_LENGTH,
    MIB,
    OPEN,
    PRIVATE,
    READER,
    VERSIONED,
    Store,
    large_digests,
    put_large,
    random_bytes,
)

from scripts.stack import function, metainfo
from scripts.stack.function import JOB_NAME
from scripts.stack.gateways import Event, Response
from scripts.stack.lambda_api import ARN_PREFIX, crashed, throttled
from scripts.stack.seaweedfs import ROLE, SeaweedFS
from scripts.stack.step_functions import StepFunctions

SPAN = MIB
LENGTH = 5 * SPAN + 3
BODY, OTHER_BODY = random_bytes(LENGTH, seed=1), random_bytes(LENGTH, seed=2)
STARTS = list(range(0, LENGTH, SPAN))
# One that others follow.
THIRD = STARTS[2]

SUCCEEDED = Ended("SUCCEEDED")
# Of a job's folder, while all is there.
EVERYTHING = {"items.json", *(span_key(start, min(start + SPAN, LENGTH)) for start in STARTS)}


@pytest.fixture
def job(jobs: Jobs) -> Job:
    """A job of small spans."""
    return jobs.deploy(SPAN_SIZE=str(SPAN))


@pytest.fixture(scope="module")
def large(server: SeaweedFS) -> Iterator[str]:
    """The key of a large object."""
    client, key = server.client(), "test_job/large.bin"
    put_large(client, OPEN, key)
    yield key
    client.delete_object(Bucket=OPEN, Key=key)


@pytest.fixture(scope="module")
def large_torrent(functions: Functions, large: str) -> bytes:
    """The torrent of the large object, as a single request makes it."""
    torrent = inline(functions, large, INLINE_MAX_SIZE=str(LARGE_LENGTH))
    piece_length = metainfo.read(torrent).piece_length
    digests = large_digests(piece_length)
    assert metainfo.read(torrent).info_hash == info_hash(LARGE_LENGTH, "large.bin", piece_length, digests)
    return torrent


def inline(functions: Functions, key: str, bucket: str = OPEN, **variables: str) -> bytes:
    """The torrent as a single request makes it, which keeps it apart from the job's."""
    endpoint = functions.start(SIDECAR_PREFIX="inline/", **variables).endpoint
    return clients.boto_torrent(endpoint, bucket, key)


def info_hash(length: int, name: str, piece_length: int, digests: bytes) -> str:
    """By Python alone, but for libtorrent's bencode."""
    info = {b"length": length, b"name": name.encode(), b"piece length": piece_length, b"pieces": digests}
    return hashlib.sha1(libtorrent.bencode(info)).hexdigest()


def digests(body: bytes, piece_length: int) -> bytes:
    pieces = (body[start : start + piece_length] for start in range(0, len(body), piece_length))
    return b"".join(hashlib.sha1(piece).digest() for piece in pieces)


def sidecar(store: Store, key: str, bucket: str = OPEN, prefix: str = "") -> bytes:
    return store.get(f"{prefix}{key}.torrent", bucket)["bytes"]


def at(start: int) -> Callable[[Event], bool]:
    """Whether an event is about the span that begins there."""
    return lambda event: event["span"]["start"] == start


def failing(which: Callable[[Event], bool], failure: Callable[[Event], Response], times: int) -> Callable:
    """Lambda's failure in place of the first `times` answers."""
    left = [failure] * times
    return lambda event: left.pop()(event) if left and which(event) else None


def mark(store: Store, job_id: str) -> None:
    """Makes the fragments that are there known from later ones."""
    for key in fragment_keys(store, job_id):
        kept = store.client.head_object(Bucket=OPEN, Key=key)["Metadata"]
        source = {"Bucket": OPEN, "Key": key}
        metadata = {**kept, "marked": "yes"}
        store.client.copy_object(
            Bucket=OPEN, Key=key, CopySource=source, Metadata=metadata, MetadataDirective="REPLACE"
        )


def marked(store: Store, job_id: str) -> set[str]:
    """The fragments that were known then, as `fragments` shows them."""
    heads = {key: store.client.head_object(Bucket=OPEN, Key=key) for key in fragment_keys(store, job_id)}
    return {key.partition(f"{job_id}/")[2] for key, head in heads.items() if "marked" in head["Metadata"]}


def fragment_keys(store: Store, job_id: str) -> list[str]:
    return [f"torrent-jobs/{job_id}/{end}" for end in fragments(store, job_id) if end.startswith("spans/")]


def test_a_job_makes_the_torrent_of_a_single_request(job: Job, functions: Functions, store: Store) -> None:
    key = store.put("file.bin", BODY)
    assert job.run(key) == SUCCEEDED
    torrent = sidecar(store, key)
    assert torrent == inline(functions, key)
    contents = metainfo.read(torrent)
    hashed = digests(BODY, contents.piece_length)
    assert contents.info_hash == info_hash(LENGTH, "file.bin", contents.piece_length, hashed)
    assert job.hashed() == STARTS
    assert fragments(store, job.id()) == set()
    assert store.listed() == [key, f"{key}.torrent"]


def test_a_large_object_under_cargo_lambda_watch(
    functions: Functions, server: SeaweedFS, store: Store, large: str, large_torrent: bytes
) -> None:
    env = functions.environment(SPAN_SIZE=str(256 * MIB), SIDECAR_PREFIX="watched/")
    arn = ARN_PREFIX + JOB_NAME
    with contextlib.ExitStack() as owner:
        watched = function.watched_job(owner, env=env, processes=CONCURRENCY)
        step_functions = StepFunctions(owner, watched.endpoint, server.endpoint, ROLE)
        job = Execution.start(step_functions.client, step_functions.create(arn, arn), {"bucket": OPEN, "key": large})
        assert job.ended() == SUCCEEDED
    assert sidecar(store, large, prefix="watched/") == large_torrent


def test_a_child_killed_half_way_is_called_again(jobs: Jobs, store: Store, large: str, large_torrent: bytes) -> None:
    job = jobs.deploy(SPAN_SIZE=str(GIB), SIDECAR_PREFIX="killed/")
    execution = job.start(large)
    killed = job.hasher.kill_at_work(0.1, JOB_SECONDS)
    assert execution.ended() == SUCCEEDED
    assert job.hashed() == sorted([0, GIB, 2 * GIB, killed["span"]["start"]])
    assert sidecar(store, large, prefix="killed/") == large_torrent


def test_throttled_and_failing_calls_are_made_again(job: Job, functions: Functions, store: Store) -> None:
    key = store.put("file", BODY)
    job.hasher.before = failing(at(THIRD), throttled, times=2)
    job.function.before = failing(lambda event: event["task"] == "plan", crashed, times=1)
    assert job.run(key) == SUCCEEDED
    assert job.hashed() == sorted([*STARTS, THIRD, THIRD])
    assert [event["task"] for event in job.function.events] == ["plan", "plan", "assemble", "clean"]
    assert sidecar(store, key) == inline(functions, key)


def test_spans_that_are_turned_away_come_again_in_another_round(jobs: Jobs, functions: Functions, store: Store) -> None:
    job = jobs.deploy(throttling_retries=1, SPAN_SIZE=str(SPAN))
    key = store.put("file", BODY)
    job.hasher.before = failing(at(THIRD), throttled, times=2)
    assert job.run(key) == SUCCEEDED
    assert job.hashed() == sorted([*STARTS, *STARTS, THIRD])
    assert [event["task"] for event in job.function.events] == ["plan", "assemble", "assemble", "clean"]
    assert sidecar(store, key) == inline(functions, key)


def test_a_child_that_always_fails_fails_the_job_and_the_next_attempt_goes_on(
    job: Job, functions: Functions, store: Store
) -> None:
    key = store.put("file", BODY)
    job.hasher.before = failing(at(THIRD), crashed, times=4)
    ended = job.run(key)
    assert (ended.status, ended.error) == ("FAILED", "HashFailed")
    assert job.hashed().count(THIRD) == 4
    left = fragments(store, job.id())
    assert span_key(THIRD, THIRD + SPAN) not in left
    assert span_key(0, SPAN) in left
    assert store.listed() == [key]

    mark(store, job.id())
    gate = job.function.before = Gate(lambda event: event["task"] == "assemble")
    again = job.start(key, attempt=2)
    with gate.reached():
        assert fragments(store, job.id()) == EVERYTHING
        assert marked(store, job.id()) == {end for end in left if end.startswith("spans/")}
    assert again.ended() == SUCCEEDED
    assert fragments(store, job.id()) == set()
    assert sidecar(store, key) == inline(functions, key)


def test_a_child_that_may_not_read_fails_the_job_at_once(jobs: Jobs, store: Store, torrents_bucket: str) -> None:
    variables = {"ACCESS": "function-role", "SIDECAR_BUCKET": torrents_bucket, "SPAN_SIZE": str(SPAN)}
    job = jobs.deploy(hash_credentials=FRAGMENT_WRITER, **variables)
    ended = job.run(store.put("file", BODY, PRIVATE), PRIVATE)
    assert (ended.status, ended.error) == ("FAILED", "Failed")
    assert "access" in ended.cause
    # None is called twice.
    assert len(job.hashed()) == len(set(job.hashed()))


def test_children_that_can_leave_no_word_fail_the_job_all_the_same(jobs: Jobs, store: Store) -> None:
    ended = jobs.deploy(hash_credentials=READER, SPAN_SIZE=str(SPAN)).run(store.put("file", BODY))
    assert (ended.status, ended.error) == ("FAILED", "HashFailed")


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("change", ["replaced", "deleted"])
def test_an_object_that_changes_meanwhile_ends_the_job(job: Job, store: Store, change: str, quiet: bool) -> None:
    key = store.put(f"{change} {quiet}", BODY)
    gate = job.hasher.before = Gate(at(THIRD))
    execution = job.start(key, **({"quiet": True} if quiet else {}))
    with gate.reached():
        if change == "replaced":
            store.put(f"{change} {quiet}", OTHER_BODY)
        else:
            store.client.delete_object(Bucket=OPEN, Key=key)
    ended = execution.ended()
    assert (ended.status, ended.error) == (("SUCCEEDED", None) if quiet else ("FAILED", "ObjectChanged"))
    assert job.hashed().count(THIRD) == 1
    assert fragments(store, job.id()) == set()
    assert (key in store.listed(), f"{key}.torrent" in store.listed()) == (change == "replaced", False)


def test_an_object_replaced_before_the_end_gets_no_torrent_of_what_it_was(
    job: Job, functions: Functions, store: Store
) -> None:
    key = store.put("file", BODY)
    gate = job.function.before = Gate(lambda event: event["task"] == "assemble")
    execution = job.start(key)
    with gate.reached():
        store.put("file", OTHER_BODY)
    assert execution.ended().error == "ObjectChanged"
    assert store.listed() == [key]
    assert job.run(key) == SUCCEEDED
    assert sidecar(store, key) == inline(functions, key)


def test_a_torrent_that_is_there_is_not_made_again(job: Job, store: Store) -> None:
    key = store.put("file", BODY)
    assert job.run(key) == job.run(key) == SUCCEEDED
    assert job.hashed() == STARTS


def test_each_version_has_a_job_of_its_own(job: Job, store: Store) -> None:
    key = store.key("file")
    versions = {
        store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"]: body for body in (BODY, OTHER_BODY)
    }
    for version, body in versions.items():
        assert job.run(key, VERSIONED, versionId=version) == SUCCEEDED
        contents = metainfo.read(store.get(f"{key}.{version}.torrent", VERSIONED)["bytes"])
        hashed = digests(body, contents.piece_length)
        assert contents.info_hash == info_hash(LENGTH, "file", contents.piece_length, hashed)
        assert all(seed.endswith(f"?versionId={version}") for seed in contents.web_seeds)
    assert len({event["job"]["id"] for event in job.hasher.events}) == len(versions)


def test_pieces_have_the_length_that_was_chosen(jobs: Jobs, functions: Functions, store: Store) -> None:
    # Spans are whole pieces, whatever they are set to.
    length = 2 * MIB
    job = jobs.deploy(SPAN_SIZE="1", PIECE_LENGTH=str(length))
    key = store.put("file", BODY)
    assert job.run(key) == SUCCEEDED
    assert job.hashed() == list(range(0, LENGTH, length))
    assert metainfo.read(sidecar(store, key)).piece_length == length
    assert sidecar(store, key) == inline(functions, key, PIECE_LENGTH=str(length))


def test_the_hashing_of_public_objects_needs_no_right_but_to_fragments(
    jobs: Jobs, functions: Functions, store: Store, torrents_bucket: str
) -> None:
    variables = {"SIDECAR_BUCKET": torrents_bucket, "SIDECAR_PREFIX": "made/", "SPAN_SIZE": str(SPAN)}
    job = jobs.deploy(hash_credentials=FRAGMENT_WRITER, **variables)
    key = store.put("file", BODY)
    gate = job.function.before = Gate(lambda event: event["task"] == "assemble")
    execution = job.start(key)
    with gate.reached():
        assert fragments(store, job.id(), torrents_bucket, "made/") == EVERYTHING
    assert execution.ended() == SUCCEEDED
    assert fragments(store, job.id(), torrents_bucket, "made/") == set()
    assert store.listed() == [key]
    assert sidecar(store, f"{OPEN}/{key}", torrents_bucket, "made/") == inline(functions, key)


def test_private_objects_are_read_with_the_functions_own_roles(jobs: Jobs, functions: Functions, store: Store) -> None:
    job = jobs.deploy(SPAN_SIZE=str(SPAN), ACCESS="function-role")
    key = store.put("file", BODY, PRIVATE)
    assert job.run(key, PRIVATE) == SUCCEEDED
    assert sidecar(store, key, PRIVATE) == inline(functions, key, PRIVATE, ACCESS="function-role")


def test_a_private_object_is_nothing_to_a_public_service(job: Job, store: Store) -> None:
    key = store.put("file", BODY, PRIVATE)
    ended = job.run(key, PRIVATE)
    assert (ended.status, ended.error) == ("FAILED", "Failed")
    assert "S3 denies access" in ended.cause
    assert job.run(key, PRIVATE, quiet=True) == SUCCEEDED
    assert job.hasher.events == []
    assert store.listed(PRIVATE) == [key]


def test_s3s_own_event_starts_the_job_that_a_request_would_start(job: Job, functions: Functions, store: Store) -> None:
    key = store.put("file & é", BODY)
    event = created(OPEN, key, store.get(key)["ETag"], LENGTH)
    first = job.start_with(event)
    assert first.ended() == SUCCEEDED
    [started] = [execution for execution in job.executions() if execution.name != first.name]
    assert started.ended() == SUCCEEDED
    assert started.name == f"{job.id()}-1"
    assert sidecar(store, key) == inline(functions, key)
    # Events may come twice.
    assert job.start_with(event).ended() == SUCCEEDED
    assert job.hashed() == STARTS


def test_two_events_at_once_start_one_job(job: Job, store: Store) -> None:
    key = store.put("file", BODY)
    event = created(OPEN, key, store.get(key)["ETag"], LENGTH)
    gate = job.hasher.before = Gate(lambda event: True)
    events = [job.start_with(event) for _ in range(2)]
    with gate.reached():
        assert [execution.ended() for execution in events] == [SUCCEEDED, SUCCEEDED]
    names = {execution.name for execution in events}
    [started] = [execution for execution in job.executions() if execution.name not in names]
    assert started.ended() == SUCCEEDED
    assert job.hashed() == STARTS


def test_events_that_tell_of_nothing_to_do_end_quietly(job: Job, store: Store) -> None:
    key = store.put("file", BODY)
    etag = store.get(key)["ETag"]
    for event in (
        {**created(OPEN, key, etag, LENGTH), "minSize": LENGTH + 1},
        created(OPEN, key, "0" * 32, LENGTH),
        created(OPEN, store.key("absent"), etag, LENGTH),
        created(OPEN, store.put("empty", b""), etag, 0),
        created("another-bucket", key, etag, LENGTH),
    ):
        assert job.start_with(event).ended() == SUCCEEDED
    assert job.hasher.events == []
    assert len(job.executions()) == 5
