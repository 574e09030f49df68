"""Objects that no request can read, as callers see them: a job is started for them, once, and waited for."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clients
import pytest
from clients import Answer
from deployment import Gate, Job, Jobs, fragments, wait_for
from functions import Functions
from store import MIB, OPEN, READER, Store, random_bytes

from scripts.stack import metainfo
from scripts.stack.function import Function

SPAN = MIB
BODY = random_bytes(5 * SPAN + 3, seed=6)
SPANS = 6
# Longer than a job of a test takes, and nearly as long as a client of API Gateway may wait.
PATIENT = "25000"
# No time to wait: the answer tells how far the job is.
HASTY = "1000"
# Two seconds to wait, and as many to answer.
BRIEF = "4000"
AT_ONCE = 10


@pytest.fixture
def job(jobs: Jobs) -> Job:
    """A job of small spans."""
    return jobs.deploy(SPAN_SIZE=str(SPAN))


def ask(function: Function, key: str, folder: Path) -> Answer:
    return clients.curl(clients.torrent_url(function.endpoint, OPEN, key), folder)


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


def test_all_who_ask_at_once_start_one_job(job: Job, jobs: Jobs, store: Store) -> None:
    api = jobs.api(job, processes=AT_ONCE, TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    gate = job.function.before = Gate(lambda event: event["task"] == "plan")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(clients.boto_torrent, api.endpoint, OPEN, key) for _ in range(AT_ONCE)]
        with gate.reached():
            wait_for(lambda: api.log.read_text().count("a job reads the object") == AT_ONCE, "all callers")
        torrents = {future.result() for future in asked}
    assert torrents == {store.get(f"{key}.torrent")["bytes"]}
    assert len(job.executions()) == 1
    assert len(job.hasher.events) == SPANS


def test_a_failed_job_is_tried_anew_three_times_an_hour(jobs: Jobs, store: Store, folder: Path) -> None:
    job = jobs.deploy(hash_credentials=READER, SPAN_SIZE=str(SPAN))
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file", BODY)
    for attempt in range(1, 4):
        assert "failed (HashFailed: " in message(ask(api, key, folder))
        assert [execution.name for execution in job.executions()].count(f"{job.id()}-{attempt}") == 1
    assert "several times within the hour" in message(ask(api, key, folder))
    assert len(job.executions()) == 3
