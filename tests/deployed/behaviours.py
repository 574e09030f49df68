"""What a stack for private buckets does. Each function fails if its stack does not do it any more."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote_from_bytes, quote_plus

import clients
import libtorrent
from botocore.client import BaseClient
from clients import Answer
from deployment import Stack
from emulator import ROOT
from served import BATCH, LARGE, MIB, PRIVATE, TORRENTS, UPLOADS, ask, signed, wait_for

from scripts.stack.seaweedfs import Credentials
from scripts.verify.objects import Objects


@dataclass(frozen=True)
class Private:
    """The stack, and a key that no other test has."""

    stack: Stack
    s3: BaseClient
    folder: Path
    key: str

    def put(self, body: bytes, key: str = "") -> None:
        self.s3.put_object(Bucket=PRIVATE, Key=self.key + key, Body=body)

    def put_in_parts(self) -> None:
        """As `aws s3 cp --checksum-algorithm SHA1`: a whole part and a byte."""
        Objects(self.s3, PRIVATE, "", "", "").put_in_parts(self.key, [bytes(8 * MIB), b"x"])

    def ask(self, key: str = "") -> Answer:
        """The torrent, once no job runs."""
        return ask(self.stack, self.folder, self.key + key, PRIVATE, "torrent=", *signed(ROOT))

    def ask_once(self, key: str = "") -> Answer:
        """What the API answers, which may be that a job runs."""
        url = clients.torrent_url(self.stack.endpoint, PRIVATE, self.key + key, "torrent=")
        return clients.curl(url, self.folder, *signed(ROOT))

    def batch(self) -> list[str]:
        """The result of S3 Batch Operations for the key, in the role that is meant for it."""
        emulator, outputs = self.stack.emulator, self.stack.outputs
        assumed = emulator.client("sts").assume_role(RoleArn=outputs["BatchRoleArn"], RoleSessionName="batch")
        role = assumed["Credentials"]
        credentials = Credentials(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
        s3 = emulator.client("s3", credentials)
        self.s3.put_object(Bucket=BATCH, Key="manifest.csv", Body=quote_plus(self.key).encode())
        key = s3.get_object(Bucket=BATCH, Key="manifest.csv")["Body"].read().decode()
        task = {"taskId": "task", "s3Key": key, "s3VersionId": None, "s3BucketArn": f"arn:aws:s3:::{PRIVATE}"}
        event = {"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j"}, "tasks": [task]}
        function = emulator.client("lambda", credentials)
        answer = function.invoke(FunctionName=outputs["BatchFunctionArn"], Payload=json.dumps(event))
        [result] = json.load(answer["Payload"])["results"]
        s3.put_object(Bucket=BATCH, Key="torrent-batch/report.json", Body=json.dumps(result).encode())
        return [result["resultCode"], result["resultString"]]

    def stored(self) -> bytes:
        return self.s3.get_object(Bucket=TORRENTS, Key=f"{PRIVATE}/{self.key}.torrent")["Body"].read()

    def forget(self) -> None:
        self.s3.delete_object(Bucket=TORRENTS, Key=f"{PRIVATE}/{self.key}.torrent")

    def fragments(self) -> list[str]:
        """What the job keeps between its steps."""
        [job, *_] = {one["name"].rpartition("-")[0] for one in self.started()}
        listed = self.s3.list_objects_v2(Bucket=TORRENTS, Prefix=f"torrent-jobs/{job}/")
        return [one["Key"] for one in listed.get("Contents", [])]

    def started(self, key: str = "") -> list[dict]:
        """The executions of the job of the key."""
        workflow = self.stack.emulator.client("stepfunctions")
        listed = workflow.list_executions(stateMachineArn=self.stack.outputs["JobStateMachineArn"])["executions"]
        described = [workflow.describe_execution(executionArn=one["executionArn"]) for one in listed]
        return [one for one in described if json.loads(one["input"]).get("key") == self.key + key]

    def jobs(self, key: str = "") -> list[str]:
        """How the jobs of the key have ended."""

        def ended() -> list[str] | None:
            statuses = [one["status"] for one in self.started(key)]
            return None if "RUNNING" in statuses else statuses

        return wait_for(ended, f"end of the job of {self.key}{key}")

    def announce(self, info_hash: bytes, peer: int = 1) -> dict:
        """The tracker's answer to a peer that has nothing."""
        query = f"peer_id=-XX0001-{peer:012}&port={7000 + peer}&left=1&compact=1&uploaded=0&downloaded=0"
        url = f"{self.stack.tracker}?info_hash={quote_from_bytes(info_hash, safe='~')}&{query}"
        return libtorrent.bdecode(clients.curl(url, self.folder).body)


def it_keeps_torrents(private: Private) -> None:
    private.put(b"content")
    assert [private.ask().headers["x-torrent-origin"] for _ in range(2)] == ["object", "sidecar"]


def it_uses_part_checksums(private: Private) -> None:
    """No byte is read."""
    private.put_in_parts()
    assert private.ask().headers["x-torrent-origin"] == "part-checksums"


def it_lists_collections(private: Private) -> None:
    private.put(b"content", "/a")
    assert private.ask("/").status == 200


def it_hashes_in_jobs(private: Private) -> None:
    """A large object gets its torrent, and no fragment is left."""
    private.put(LARGE)
    private.ask_once()
    assert private.jobs() == ["SUCCEEDED"]
    assert private.ask().headers["x-torrent-origin"] in {"job", "sidecar"}
    assert private.fragments() == []


def it_hashes_collections_in_jobs(private: Private) -> None:
    private.put(LARGE, "/a")
    private.ask_once("/")
    assert private.jobs("/") == ["SUCCEEDED"]


def it_tells_progress(private: Private) -> None:
    """The answer counts the spans that are hashed."""
    private.put(LARGE)
    with no_function_is_free(private, "HashFunction"):
        private.batch()
        wait_for(lambda: private.fragments() or None, "list of spans")
        answer = private.ask_once()
    private.jobs()
    assert (answer.status, b"0 of 4 spans are hashed" in answer.body) == (503, True)


@contextlib.contextmanager
def no_function_is_free(private: Private, name: str) -> Iterator[None]:
    """Lambda throttles all calls of a function."""
    client = private.stack.emulator.client("lambda")
    function = private.stack.resources[name]
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.delete_function_concurrency(FunctionName=function)


def it_makes_lost_torrents_again(private: Private) -> None:
    """A request starts a second attempt, after the first has ended."""
    it_hashes_in_jobs(private)
    private.forget()
    private.ask_once()
    assert private.jobs() == ["SUCCEEDED"] * 2


def it_takes_batches(private: Private) -> None:
    """S3 Batch Operations starts a job, and reports."""
    private.put(LARGE)
    assert private.batch()[0] == "Succeeded"
    assert private.jobs() == ["SUCCEEDED"]


def it_takes_batches_again(private: Private) -> None:
    """It starts a second attempt, after the first has ended."""
    it_takes_batches(private)
    private.forget()
    assert private.batch()[0] == "Succeeded"
    assert private.jobs() == ["SUCCEEDED"] * 2


def it_plans_by_part_checksums(private: Private) -> None:
    """A job function reads nothing either."""
    private.put_in_parts()
    assert private.batch() == ["Succeeded", "part-checksums"]


def it_makes_torrents_of_uploads(private: Private) -> None:
    """An upload starts a job. What starts none is in the queue."""
    private = replace(private, key=f"{UPLOADS}a + b é {private.key}")
    queue = private.stack.emulator.client("sqs")
    url = private.stack.outputs["PregenerateQueueUrl"]

    def outcome() -> bool | None:
        lost = queue.receive_message(QueueUrl=url).get("Messages", [])
        for message in lost:
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return False if lost else bool(private.jobs()) or None

    private.put(bytes(8 * MIB))
    assert wait_for(outcome, "job of the upload, nor its event in the queue")
    assert private.jobs() == ["SUCCEEDED"]


def it_registers_torrents(private: Private) -> None:
    private.put(b"content of " + private.key.encode())
    info_hash = bytes.fromhex(private.ask().headers["x-torrent-info-hash"])
    assert b"interval" in private.announce(info_hash)


def it_registers_torrents_of_jobs(private: Private) -> None:
    """The tracker knows the torrent of a job, before anyone has asked for it."""
    it_takes_batches(private)
    info_hash = libtorrent.torrent_info(libtorrent.bdecode(private.stored())).info_hash().to_bytes()
    assert b"interval" in private.announce(info_hash)


def it_reads_marks(private: Private) -> None:
    """The torrent has no web seeds while its mark says so."""
    private.put(b"fast content of " + private.key.encode())
    info_hash = bytes.fromhex(private.ask().headers["x-torrent-info-hash"])
    private.stack.emulator.client("dynamodb").update_item(
        TableName=private.stack.outputs["TrackerTableName"],
        Key={"torrent": {"B": info_hash}, "peer": {"B": b"\0"}},
        UpdateExpression="SET fast_until = :never_over",
        ExpressionAttributeValues={":never_over": {"N": str(1 << 60)}},
    )
    assert private.ask().headers["x-torrent-web-seeds"] == "0"


def it_brings_peers_together(private: Private) -> None:
    """The second peer of a torrent hears of the first."""
    private.put(b"shared content of " + private.key.encode())
    info_hash = bytes.fromhex(private.ask().headers["x-torrent-info-hash"])
    private.announce(info_hash)
    assert len(private.announce(info_hash, peer=2)[b"peers"]) == 6


@contextlib.contextmanager
def logged(private: Private, function: str) -> Iterator[None]:
    """The function's log has grown at the end of the block."""
    group = private.stack.outputs[f"{function}LogGroupName"]
    logs = private.stack.emulator.client("logs")
    before = len(logs.filter_log_events(logGroupName=group)["events"])
    yield
    assert len(logs.filter_log_events(logGroupName=group)["events"]) > before


def it_logs_requests(private: Private) -> None:
    with logged(private, "Function"):
        private.ask()


def it_logs_announces(private: Private) -> None:
    with logged(private, "TrackerFunction"):
        private.announce(bytes(20))


def it_logs_jobs(private: Private) -> None:
    with logged(private, "JobFunction"), logged(private, "HashFunction"):
        it_hashes_in_jobs(private)
