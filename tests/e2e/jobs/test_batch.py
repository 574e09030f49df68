"""S3 Batch Operations: its event starts jobs of the real state machine."""

import json
from urllib.parse import quote_plus

from deployment import Ended, Jobs
from functions import Functions
from store import MIB, OPEN, Store, random_bytes
from test_job import inline, sidecar

BODY = random_bytes(2 * MIB + 3, seed=1)


def test_an_event_starts_the_jobs_that_requests_would_start(jobs: Jobs, functions: Functions, store: Store) -> None:
    job = jobs.deploy(SPAN_SIZE=str(MIB))
    batch = jobs.batch(job)
    key = store.put("a + b & é", BODY)
    keys = {"there": key, "absent": store.key("absent"), "empty": store.put("empty/", b"")}

    def results(version: str, bucket: dict[str, str]) -> dict[str, tuple[str, str]]:
        tasks = [
            {"taskId": name, "s3Key": quote_plus(key, safe="/"), "s3VersionId": None, **bucket}
            for name, key in keys.items()
        ]
        event = {"invocationSchemaVersion": version, "invocationId": "i", "job": {"id": "j"}, "tasks": tasks}
        answer = json.loads(batch.invoke(event).body)
        assert answer["invocationSchemaVersion"] == version
        return {result["taskId"]: (result["resultCode"], result["resultString"]) for result in answer["results"]}

    first = results("1.0", {"s3BucketArn": f"arn:aws:s3:::{OPEN}"})
    [started] = job.executions()
    assert first["there"] == ("Succeeded", f"its job runs: {started.name}")
    assert first["absent"][0] == "PermanentFailure"
    assert first["empty"] == ("Succeeded", "nothing to do: the object is empty")
    assert started.ended() == Ended("SUCCEEDED")
    assert sidecar(store, key) == inline(functions, key)
    assert results("2.0", {"s3Bucket": OPEN})["there"] == ("Succeeded", "sidecar")
    assert len(job.executions()) == 1
