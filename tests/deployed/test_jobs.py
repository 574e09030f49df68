"""Objects that no request can read, in the deployed state machine: which uploads and batches start jobs."""

from pathlib import Path

from botocore.client import BaseClient
from deployment import Stack
from served import BATCH, LARGE, MIB, OPEN, UPLOADS, ask, executions, manifest, run_batch, wait_for


def test_each_span_is_a_child_of_the_map(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="large", Body=LARGE)
    assert ask(stack, folder, "large").status == 200
    [execution] = executions(stack, "large")
    workflow = stack.emulator.client("stepfunctions")
    [run] = workflow.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    counts = workflow.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    assert counts["succeeded"] == counts["total"] == len(LARGE) // MIB + 1


def test_an_upload_has_its_torrent_before_anyone_asks(stack: Stack, s3: BaseClient, folder: Path) -> None:
    key, small, elsewhere = f"{UPLOADS}a + b é", f"{UPLOADS}too small", "elsewhere"
    s3.put_object(Bucket=OPEN, Key=small, Body=LARGE)
    for large in (elsewhere, key):
        s3.put_object(Bucket=OPEN, Key=large, Body=bytes(8 * MIB))
    wait_for(lambda: executions(stack, key) or None, "job of the upload")
    assert ask(stack, folder, key).headers["x-torrent-origin"] == "sidecar"
    assert [executions(stack, other) for other in (small, elsewhere)] == [[], []]


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
