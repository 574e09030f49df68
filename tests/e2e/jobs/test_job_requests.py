"""Objects that no request can read, as real clients see them: a job is started for them, once, and waited for."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clients
import pytest
from deployment import Gate, Jobs, wait_for
from functions import Functions
from store import MIB, OPEN, Store, random_bytes

from scripts.stack.function import Function

SPAN = MIB
BODY = random_bytes(5 * SPAN + 3, seed=6)
# Longer than a job of a test takes, and nearly as long as a client of API Gateway may wait.
PATIENT = "25000"
# Two seconds to wait, and as many to answer.
BRIEF = "4000"


def statuses(function: Function) -> list[int]:
    """Of all answers so far."""
    lines = [json.loads(line) for line in function.log.read_text(encoding="utf-8").splitlines()]
    return [line["status"] for line in lines if line["message"] == "request" and "status" in line]


def test_a_caller_who_waits_gets_the_torrent(jobs: Jobs, functions: Functions, store: Store, folder: Path) -> None:
    job = jobs.deploy(SPAN_SIZE=str(SPAN))
    api = jobs.api(job, TIME_BUDGET_MS=PATIENT)
    key = store.put("file & é.bin", BODY)
    first, second = (clients.curl(clients.torrent_url(api.endpoint, OPEN, key), folder) for _ in range(2))
    assert [first.headers["x-torrent-origin"], second.headers["x-torrent-origin"]] == ["job", "sidecar"]
    assert first.body == second.body == clients.boto_torrent(functions.start().endpoint, OPEN, key)
    [execution] = job.executions()
    assert execution.name == f"{job.id()}-1"


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
    client: Callable[[str, str, Path], bytes], jobs: Jobs, store: Store, folder: Path
) -> None:
    job = jobs.deploy(SPAN_SIZE=str(SPAN))
    api = jobs.api(job, TIME_BUDGET_MS=BRIEF)
    key = store.put(client.__name__, BODY)
    gate = job.hasher.before = Gate(lambda event: event["span"]["start"] == 2 * SPAN)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(client, api.endpoint, key, folder)
        with gate.reached():
            wait_for(lambda: 503 in statuses(api), "the first answer")
        assert asked.result() == store.get(f"{key}.torrent")["bytes"]
    assert len(job.executions()) == 1
