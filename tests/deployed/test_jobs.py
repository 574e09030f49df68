"""Objects that no request can read: by requests, uploads and S3 Batch Operations, in the deployed state machine."""

import json
from pathlib import Path

from botocore.client import BaseClient
from deployment import Stack
from served import BATCH, LARGE, MIB, OPEN, UPLOADS, ask, executions, manifest, run_batch, wait_for

from scripts.stack import metainfo


def test_a_request_starts_a_job_and_gets_its_torrent(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="large", Body=LARGE)
    answer = ask(stack, folder, "large")
    assert (answer.status, metainfo.read(answer.body).length) == (200, len(LARGE))
    [execution] = executions(stack, "large")
    assert execution["status"] == "SUCCEEDED"
    workflow = stack.emulator.client("stepfunctions")
    [run] = workflow.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    counts = workflow.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    assert counts["succeeded"] == counts["total"] == len(LARGE) // MIB + 1
    assert "Contents" not in s3.list_objects_v2(Bucket=OPEN, Prefix="torrent-jobs/")


def test_a_large_collection_is_hashed_by_a_job(stack: Stack, s3: BaseClient, folder: Path) -> None:
    for name in ("a", "b"):
        s3.put_object(Bucket=OPEN, Key=f"large collection/{name}", Body=LARGE)
    contents = metainfo.read(ask(stack, folder, "large collection/").body)
    assert (contents.files, contents.length) == (("a", "b"), 2 * len(LARGE))
    assert [one["status"] for one in executions(stack, "large collection/")] == ["SUCCEEDED"]


def test_an_upload_has_its_torrent_before_anyone_asks(stack: Stack, s3: BaseClient, folder: Path) -> None:
    key, *others = f"{UPLOADS}a + b é", f"{UPLOADS}too small", "elsewhere"
    s3.put_object(Bucket=OPEN, Key=others[0], Body=LARGE)
    for large in (others[1], key):
        s3.put_object(Bucket=OPEN, Key=large, Body=bytes(8 * MIB))
    wait_for(lambda: executions(stack, key) or None, "job of the upload")
    assert ask(stack, folder, key).headers["x-torrent-origin"] == "sidecar"
    assert [executions(stack, other) for other in others] == [[], []]


def test_s3_batch_operations_start_jobs_of_existing_objects(stack: Stack, s3: BaseClient, folder: Path) -> None:
    keys = ["existing + é", "existing small", "gone"]
    for key, body in zip(keys, (LARGE, b"small"), strict=False):
        s3.put_object(Bucket=OPEN, Key=key, Body=body)
    s3.put_object(Bucket=BATCH, Key="manifest.csv", Body=manifest(OPEN, keys))
    results = run_batch(stack, "manifest.csv")
    assert [results[key][0] for key in keys] == ["Succeeded", "Succeeded", "PermanentFailure"]
    for key in keys[:2]:
        assert [one["status"] for one in executions(stack, key)] == ["SUCCEEDED"]
        assert ask(stack, folder, key).headers["x-torrent-origin"] == "sidecar"
    report = s3.get_object(Bucket=BATCH, Key="torrent-batch/report.json")["Body"].read()
    assert json.loads(report) == results
