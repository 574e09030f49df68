"""Objects that no request can read, as real clients see them: they come again until a job has made the torrent."""

import contextlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clients
import pytest
from functions import Functions
from store import OPEN, Store

from scripts.stack.gateways import Response
from scripts.stack.processes import POLL_SECONDS
from scripts.stack.runtime_api import Handler, serve

STATES = "arn:aws:states:us-east-1:123456789012"
# Two seconds to wait for a job, and as many to answer.
BRIEF = "4000"


class Workflow(Handler):
    """Step Functions, where one job runs until the test has made the torrent in its place."""

    def do_POST(self) -> None:
        """StartExecution or DescribeExecution."""
        self.read_body()
        execution = {"executionArn": f"{STATES}:execution:job:1", "stateMachineArn": f"{STATES}:stateMachine:job"}
        running = json.dumps({**execution, "name": "1", "startDate": 0, "status": "RUNNING"}).encode()
        self.send(Response(200, [("content-type", "application/x-amz-json-1.0")], running))


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
    client: Callable[[str, str, Path], bytes], functions: Functions, store: Store, folder: Path
) -> None:
    key = store.put(client.__name__, b"content")
    with contextlib.ExitStack() as owner:
        jobs = {
            "JOB_STATE_MACHINE_ARN": f"{STATES}:stateMachine:job",
            "AWS_ENDPOINT_URL_SFN": f"http://{serve(owner, Workflow)}",
            "INLINE_MAX_SIZE": "0",
        }
        api = functions.start(TIME_BUDGET_MS=BRIEF, **jobs)
        asked = owner.enter_context(ThreadPoolExecutor()).submit(client, api.endpoint, key, folder)
        while '"status":503' not in api.log.read_text(encoding="utf-8"):
            assert not asked.done()
            time.sleep(POLL_SECONDS)
        # The function that reads the object itself keeps the torrent where the job would.
        torrent = clients.boto_torrent(functions.start().endpoint, OPEN, key)
        assert asked.result() == torrent == store.get(f"{key}.torrent")["bytes"]
