"""The job: the state machine that is deployed, run by moto's interpreter, with the built functions and a real S3."""

from collections.abc import Callable

import clients
import pytest
from deployment import Ended, Gate, Job, Jobs, fragments, span_key
from functions import Functions
from store import FRAGMENT_WRITER, MIB, OPEN, Store, random_bytes

from scripts.stack.gateways import Event, Response
from scripts.stack.lambda_api import crashed, throttled

SPAN = MIB
LENGTH = 5 * SPAN + 3
BODY, OTHER_BODY = random_bytes(LENGTH, seed=1), random_bytes(LENGTH, seed=2)
STARTS = list(range(0, LENGTH, SPAN))
# Two that others follow.
SECOND, THIRD = STARTS[1:3]

SUCCEEDED = Ended("SUCCEEDED")
# Of a job's folder, while all is there.
EVERYTHING = {"items.json", *(span_key(start, min(start + SPAN, LENGTH)) for start in STARTS)}


@pytest.fixture
def job(jobs: Jobs) -> Job:
    """A job of small spans."""
    return jobs.deploy(SPAN_SIZE=str(SPAN))


def inline(functions: Functions, key: str, bucket: str = OPEN, **variables: str) -> bytes:
    """The torrent as a single request makes it, which keeps it apart from the job's."""
    endpoint = functions.start(SIDECAR_PREFIX="inline/", **variables).endpoint
    return clients.boto_torrent(endpoint, bucket, key)


def sidecar(store: Store, key: str, bucket: str = OPEN, prefix: str = "") -> bytes:
    return store.get(f"{prefix}{key}.torrent", bucket)["bytes"]


def at(start: int) -> Callable[[Event], bool]:
    """Whether an event is about the span that begins there."""
    return lambda event: event["span"]["start"] == start


def failing(which: Callable[[Event], bool], failure: Callable[[Event], Response], times: int) -> Callable:
    """Lambda's failure in place of the first `times` answers."""
    left = [failure] * times
    return lambda event: left.pop()(event) if left and which(event) else None


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
    assert job.hashed() == STARTS
    assert fragments(store, job.id(), torrents_bucket, "made/") == set()
    assert store.listed() == [key]
    assert sidecar(store, f"{OPEN}/{key}", torrents_bucket, "made/") == inline(functions, key)


def test_a_crashed_child_is_called_again_and_one_turned_away_in_another_round(
    jobs: Jobs, functions: Functions, store: Store
) -> None:
    job = jobs.deploy(throttling_retries=1, SPAN_SIZE=str(SPAN))
    key = store.put("file", BODY)
    crash, turn_away = failing(at(SECOND), crashed, times=1), failing(at(THIRD), throttled, times=2)
    job.hasher.before = lambda event: crash(event) or turn_away(event)
    assert job.run(key) == SUCCEEDED
    assert job.hashed() == sorted([*STARTS, *STARTS, SECOND, THIRD])
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
    assert (span_key(THIRD, THIRD + SPAN) in left, span_key(0, SPAN) in left) == (False, True)
    assert store.listed() == [key]
    assert job.run(key) == SUCCEEDED
    assert fragments(store, job.id()) == set()
    assert sidecar(store, key) == inline(functions, key)


@pytest.mark.parametrize(("change", "quiet"), [("replaced", False), ("deleted", True)])
def test_an_object_that_changes_meanwhile_ends_the_job(job: Job, store: Store, change: str, quiet: bool) -> None:
    key = store.put(change, BODY)
    gate = job.hasher.before = Gate(at(THIRD))
    execution = job.start(key, **({"quiet": True} if quiet else {}))
    with gate.reached():
        if change == "replaced":
            store.put(change, OTHER_BODY)
        else:
            store.client.delete_object(Bucket=OPEN, Key=key)
    ended = execution.ended()
    assert (ended.status, ended.error) == (("SUCCEEDED", None) if quiet else ("FAILED", "ObjectChanged"))
    assert job.hashed().count(THIRD) == 1
    assert fragments(store, job.id()) == set()
    assert (key in store.listed(), f"{key}.torrent" in store.listed()) == (change == "replaced", False)
