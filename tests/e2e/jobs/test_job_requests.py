"""Objects that no request can read, as callers see them: a job is started for them, once, and waited for."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clients
import pytest
from botocore.exceptions import ClientError
from clients import Answer
from deployment import Gate, Job, Jobs, created, fragments, wait_for
from functions import Functions
from store import MIB, OPEN, PRIVATE, READER, VERSIONED, Store, random_bytes

from scripts.stack import metainfo
from scripts.stack.function import Function

SPAN = MIB
BODY, OTHER_BODY = random_bytes(5 * SPAN + 3, seed=6), random_bytes(4 * SPAN, seed=7)
SPANS = 6
# Longer than a job of a test takes, and nearly as long as a client of API Gateway may wait.
PATIENT = "25000"
# No time to wait: the answer tells how far the job is.
HASTY = "1000"
# Two seconds to wait, and as many to answer.
BRIEF = "4000"
AT_ONCE = 50


@pytest.fixture
def job(jobs: Jobs) -> Job:
    """A job of small spans."""
    return jobs.deploy(SPAN_SIZE=str(SPAN))


def ask(function: Function, key: str, folder: Path, *options: str, bucket: str = OPEN) -> Answer:
    return clients.curl(clients.torrent_url(function.endpoint, bucket, key), folder, *options)


def message(answer: Answer) -> str:
    """Of a refusal that says when to come again."""
    said = {child.tag: child.text or "" for child in ElementTree.fromstring(answer.body)}
    assert (answer.status, said["Code"]) == (503, "SlowDown")
    assert (answer.headers["retry-after"], answer.headers["x-amz-retry-after"]) == ("5", "5000")
    return said["Message"]


def statuses(function: Function) -> list[int]:
    """Of all answers so far."""
    lines = [json.loads(line) for line in function.log.read_text(encoding="utf-8").splitlines()]
    return [line["status"] for line in lines if line["message"] == "request" and "status" in line]


def third_span() -> Gate:
    return Gate(lambda event: event["span"]["start"] == 2 * SPAN)


def test_a_caller_who_waits_gets_the_torrent(
    job: Job, jobs: Jobs, functions: Functions, store: Store, folder: Path
) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file & é.bin", BODY)
    first, second = (ask(api, key, folder) for _ in range(2))
    assert [first.headers["x-torrent-origin"], second.headers["x-torrent-origin"]] == ["job", "sidecar"]
    assert first.body == second.body == clients.boto_torrent(functions.start().endpoint, OPEN, key)
    assert metainfo.read(first.body).info_hash == first.headers["x-torrent-info-hash"]
    [execution] = job.executions()
    assert execution.name == f"{job.id()}-1"


def test_a_caller_whose_time_is_over_is_told_how_much_is_done(job: Job, jobs: Jobs, store: Store, folder: Path) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=HASTY)
    key = store.put("file", BODY)
    gate = job.hasher.before = third_span()
    message(ask(api, key, folder))
    with gate.reached():
        # All but the third, and the list of them.
        wait_for(lambda: len(fragments(store, job.id())) == SPANS, "the other spans")
        assert f"{SPANS - 1} of {SPANS} spans are hashed" in message(ask(api, key, folder))
    [execution] = job.executions()
    assert execution.ended().status == "SUCCEEDED"
    assert ask(api, key, folder).headers["x-torrent-origin"] == "sidecar"


def by_boto(endpoint: str, key: str, _folder: Path) -> bytes:
    """boto3 with its own retries."""
    return clients.boto(endpoint, retries=None).get_object_torrent(Bucket=OPEN, Key=key)["Body"].read()


def by_cli(endpoint: str, key: str, folder: Path) -> bytes:
    """The AWS CLI as it comes."""
    ran = clients.cli(endpoint, OPEN, key, folder / "torrent")
    assert ran.returncode == 0, ran.stderr
    return (folder / "torrent").read_bytes()


@pytest.mark.parametrize("client", [by_boto, by_cli])
def test_the_clients_own_retries_carry_over_what_takes_longer(
    client: Callable[[str, str, Path], bytes], job: Job, jobs: Jobs, store: Store, folder: Path
) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=BRIEF)
    key = store.put(client.__name__, BODY)
    gate = job.hasher.before = third_span()
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(client, api.endpoint, key, folder)
        with gate.reached():
            wait_for(lambda: 503 in statuses(api), "the first answer")
        assert asked.result() == store.get(f"{key}.torrent")["bytes"]
    assert len(job.executions()) == 1


@pytest.mark.parametrize("callers", [2, AT_ONCE])
def test_all_who_ask_at_once_start_one_job(callers: int, job: Job, jobs: Jobs, store: Store) -> None:
    api = jobs.api(job, processes=callers, TIME_BUDGET_MS=PATIENT)
    key = store.put(f"for {callers}", BODY)
    gate = job.function.before = Gate(lambda event: event["task"] == "plan")
    with ThreadPoolExecutor(callers) as pool:
        asked = [pool.submit(clients.boto_torrent, api.endpoint, OPEN, key) for _ in range(callers)]
        with gate.reached():
            wait_for(lambda: api.log.read_text().count("a job reads the object") == callers, "all callers")
        torrents = {future.result() for future in asked}
    assert torrents == {store.get(f"{key}.torrent")["bytes"]}
    assert len(job.executions()) == 1
    assert len(job.hasher.events) == SPANS


def test_head_starts_nothing(job: Job, jobs: Jobs, store: Store, folder: Path) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    head = ask(api, key, folder, "--head")
    assert (head.status, head.headers["x-amz-retry-after"]) == (503, "5000")
    assert job.executions() == []
    got = ask(api, key, folder)
    head = ask(api, key, folder, "--head")
    assert (head.status, head.headers["x-torrent-info-hash"]) == (200, got.headers["x-torrent-info-hash"])


def test_a_failed_job_is_tried_anew_three_times_an_hour(jobs: Jobs, store: Store, folder: Path) -> None:
    job = jobs.deploy(hash_credentials=READER, SPAN_SIZE=str(SPAN))
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    for attempt in range(1, 4):
        assert "failed (HashFailed: " in message(ask(api, key, folder))
        assert [execution.name for execution in job.executions()].count(f"{job.id()}-{attempt}") == 1
    assert "several times within the hour" in message(ask(api, key, folder))
    assert len(job.executions()) == 3


def test_a_job_that_cannot_be_planned_says_why_in_plain_words(jobs: Jobs, store: Store, folder: Path) -> None:
    job = jobs.deploy(credentials=READER, SPAN_SIZE=str(SPAN))
    said = message(ask(jobs.api(job, TIME_BUDGET_MS=PATIENT), store.put("file", BODY), folder))
    assert "failed (Failed: " in said
    assert "{" not in said


def test_an_object_replaced_while_a_caller_waits_is_told_and_then_made(
    job: Job, jobs: Jobs, store: Store, folder: Path
) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    gate = job.hasher.before = third_span()
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, api, key, folder)
        with gate.reached():
            store.put("file", OTHER_BODY)
        assert "ObjectChanged" in message(asked.result())
    assert metainfo.read(ask(api, key, folder).body).length == len(OTHER_BODY)


def test_a_caller_waits_for_the_job_that_an_event_has_started(job: Job, jobs: Jobs, store: Store, folder: Path) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    gate = job.hasher.before = third_span()
    event = job.start_with(created(OPEN, key, store.get(key)["ETag"], len(BODY)))
    with ThreadPoolExecutor() as pool:
        with gate.reached():
            asked = pool.submit(ask, api, key, folder)
            wait_for(lambda: "a job reads the object" in api.log.read_text(), "the caller")
        assert asked.result().headers["x-torrent-origin"] == "job"
    assert sorted(execution.name for execution in job.executions()) == sorted([event.name, f"{job.id()}-1"])


@pytest.mark.parametrize(
    "variables",
    [{"PIECE_LENGTH": str(2 * MIB)}, {"SIDECAR_BUCKET": "torrents-only", "SIDECAR_PREFIX": "kept/"}],
    ids=" ".join,
)
def test_the_torrent_is_that_of_a_single_request_however_it_is_set(
    variables: dict[str, str], jobs: Jobs, functions: Functions, store: Store, folder: Path, torrents_bucket: str
) -> None:
    api = jobs.api(jobs.deploy(SPAN_SIZE=str(SPAN), **variables), TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    answer = ask(api, key, folder)
    assert answer.headers["x-torrent-origin"] == "job"
    without = functions.start(**{**variables, "SIDECAR_PREFIX": "inline/"})
    assert answer.body == clients.boto_torrent(without.endpoint, OPEN, key)


def test_each_version_has_its_own(job: Job, jobs: Jobs, store: Store, folder: Path) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.key("file")
    for body in (BODY, OTHER_BODY):
        version = store.client.put_object(Bucket=VERSIONED, Key=key, Body=body)["VersionId"]
        url = clients.torrent_url(api.endpoint, VERSIONED, key, f"torrent&versionId={version}")
        answer = clients.curl(url, folder)
        assert (answer.headers["x-torrent-origin"], metainfo.read(answer.body).length) == ("job", len(body))
    assert len(job.executions()) == 2


def test_private_objects_are_read_with_the_jobs_own_roles(
    jobs: Jobs, functions: Functions, store: Store, folder: Path
) -> None:
    job = jobs.deploy(SPAN_SIZE=str(SPAN), ACCESS="function-role")
    key = store.put("file", BODY, PRIVATE)
    answer = ask(jobs.api(job, TIME_BUDGET_MS=PATIENT), key, folder, bucket=PRIVATE)
    assert answer.headers["x-torrent-origin"] == "job"
    inline = functions.start(ACCESS="function-role", SIDECAR_PREFIX="inline/")
    assert answer.body == clients.boto_torrent(inline.endpoint, PRIVATE, key)


def test_nobody_starts_a_job_for_what_they_may_not_read(job: Job, jobs: Jobs, store: Store, folder: Path) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=HASTY)
    assert ask(api, store.put("file", BODY, PRIVATE), folder, bucket=PRIVATE).status == 403
    assert job.executions() == []


def test_a_torrent_that_has_no_place_is_not_begun(job: Job, jobs: Jobs, store: Store) -> None:
    api = jobs.api(job, TIME_BUDGET_MS=HASTY)
    key = store.put("file", BODY)
    store.put("file.torrent", b"the user's own")
    with pytest.raises(ClientError, match=r"InvalidRequest.*SIDECAR_PREFIX"):
        clients.boto_torrent(api.endpoint, OPEN, key)
    assert job.executions() == []
