"""The job for all objects below a prefix: the same state machine and functions, a manifest more."""

from pathlib import Path

import folders
import pytest
from deployment import Gate, Jobs, fragments, span_key
from functions import Functions
from store import LISTED, MIB, PRIVATE, Store
from test_job import SUCCEEDED, inline, sidecar

SPAN = MIB
# Spans end within objects, between them, and many times within one.
LENGTHS = {"a-b": 700_000, "a/empty": 0, "a/small": 3, "b": SPAN - 700_003, "c/large": 3 * SPAN + 5, "é": 9}
LENGTH = sum(LENGTHS.values())
STARTS = list(range(0, LENGTH, SPAN))
EVERYTHING = {"items.json", "manifest.jsonl", *(span_key(start, min(start + SPAN, LENGTH)) for start in STARTS)}


@pytest.mark.parametrize(("access", "bucket"), [("public-read", LISTED), ("function-role", PRIVATE)])
def test_a_job_makes_the_torrent_of_a_single_request(
    jobs: Jobs, functions: Functions, store: Store, folder: Path, access: str, bucket: str
) -> None:
    prefix = store.key(f"{folder.name}/set/")
    folders.upload(store.client, folders.write(folder / "set", LENGTHS), bucket, prefix)
    # The role that hashes may read, and may not list. Sidecars are apart from the prefix: a service that keeps its
    # sidecars elsewhere would take them for objects like others.
    job = jobs.deploy(ACCESS=access, SPAN_SIZE=str(SPAN), SIDECAR_PREFIX="made/")
    gate = job.function.before = Gate(lambda event: event["task"] == "assemble")
    execution = job.start(prefix, bucket, collection=True)
    with gate.reached():
        assert fragments(store, job.id(), bucket, "made/") == EVERYTHING
    assert execution.ended() == SUCCEEDED
    assert job.hashed() == STARTS
    assert fragments(store, job.id(), bucket, "made/") == set()
    assert sidecar(store, prefix, bucket, "made/") == inline(functions, prefix, bucket, ACCESS=access)
