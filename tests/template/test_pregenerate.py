"""The rule on S3's events: which objects start a job, and what it is told."""

import json

import pytest
from event_pattern import matches, transformed

from scripts import cloudformation as cfn

MIB = 1024**2
GIB = 1024**3
# What the template allows at least.
SMALLEST = 8 * MIB

# "Object Created", as S3 sends it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
EVENT = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2021-11-12T00:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:s3:::data"],
}
DETAIL = {
    "version": "0",
    "request-id": "N4N7GDK58NMKJ12R",
    "requester": "123456789012",
    "source-ip-address": "1.2.3.4",
}

GIVEN = {"PregenerateBuckets": "data,more.data", "PregeneratePrefix": "models/"}


def event(size, key="models/weights", bucket="data", reason=None):
    """An upload: in parts where it is larger than S3 takes at once."""
    reason = reason or ("CompleteMultipartUpload" if size > 5 * GIB else "PutObject")
    found = {"key": key, "size": size, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "00617F08299329D189"}
    return {**EVENT, "detail": {**DETAIL, "bucket": {"name": bucket}, "object": found, "reason": reason}}


def rule(**given):
    return cfn.render(**{**GIVEN, **given})["Resources"]["PregenerateRule"]["Properties"]


def starts(what, **given):
    return matches(json.loads(rule(**given)["EventPattern"]), what)


@pytest.mark.parametrize("size", [GIB, 3 * GIB, 5_000_000_000, 6_000_000_000, 300 * GIB, 53_687_091_200_000])
def test_a_large_object_starts_a_job(size):
    assert starts(event(size))


@pytest.mark.parametrize("size", [0, 100 * MIB, GIB - 1])
@pytest.mark.parametrize("reason", ["PutObject", "POST Object", "CopyObject"])
def test_a_small_object_starts_nothing(size, reason):
    assert not starts(event(size, reason=reason))


@pytest.mark.parametrize(
    "what",
    [
        event(300 * GIB, bucket="data2"),
        event(300 * GIB, bucket="more"),
        event(300 * GIB, key="weights"),
        event(300 * GIB, key="old/models/weights"),
        {**event(300 * GIB), "detail-type": "Object Deleted"},
        {**event(300 * GIB), "source": "my.own"},
    ],
    ids=["bucket", "bucket's beginning", "key", "prefix elsewhere", "deletion", "source"],
)
def test_what_was_not_asked_for_starts_nothing(what):
    assert not starts(what)


@pytest.mark.parametrize("prefix", ["models/2024 é/", "größe/{x}<y>&'", "$.detail"])
def test_a_prefix_may_hold_any_text_but_quotes(prefix):
    assert cfn.parameter_faults(PregeneratePrefix=prefix) == []
    assert starts(event(300 * GIB, key=f"{prefix}weights"), PregeneratePrefix=prefix)
    assert not starts(event(300 * GIB), PregeneratePrefix=prefix)


def test_without_a_prefix_every_key_counts():
    assert starts(event(300 * GIB, key="anything"), PregeneratePrefix="")


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("models/weights.torrent", 4_500_000),
        ("torrent-jobs/b1946ac92492d2347c6235b4d2611184b1946ac9/items.json", 1_000_000),
        (f"torrent-jobs/b1946ac92492d2347c6235b4d2611184b1946ac9/spans/{0:020}-{4 * GIB:020}", 4_000_000),
    ],
    ids=["sidecar", "list of spans", "fragment"],
)
def test_what_a_job_itself_writes_starts_nothing(key, size):
    assert size < SMALLEST and not starts(event(size, key=key), PregeneratePrefix="")


def test_each_bucket_of_the_list_counts():
    names = [f"bucket-{number}" for number in range(3)]
    for name in names:
        assert starts(event(300 * GIB, bucket=name), PregenerateBuckets=",".join(names))
    assert not starts(event(300 * GIB, bucket="bucket-3"), PregenerateBuckets=",".join(names))


@pytest.mark.parametrize("length", [3, 63])
def test_the_longest_pattern_is_one_that_eventbridge_takes(length):
    longest = cfn.load()["Parameters"]["PregenerateBuckets"]["MaxLength"]
    names = ",".join(["b" * length] * ((longest + 1) // (length + 1)))
    assert cfn.parameter_faults(PregenerateBuckets=names) == []
    assert len(rule(PregenerateBuckets=names, PregeneratePrefix="x" * 1024)["EventPattern"]) <= 4096


@pytest.mark.parametrize("key", ["models/weights", 'models/"quoted" \\ back', "models/größe 🎈\n\t<detail>"])
def test_the_job_is_told_the_event_whatever_the_key_and_the_smallest_size(key):
    (target,) = rule()["Targets"]
    what = event(300 * GIB, key=key)
    told = json.loads(transformed(target["InputTransformer"], what))
    assert told == {"detail": what["detail"], "minSize": GIB}
    assert target["Arn"] == "<JobStateMachine>"


def test_what_cannot_be_delivered_is_kept_and_told():
    resources = cfn.render(**GIVEN)["Resources"]
    (target,) = rule()["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": "<PregenerateQueue.Arn>"}
    (statement,) = resources["PregenerateQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "<PregenerateQueue.Arn>",
        "Condition": {"ArnEquals": {"aws:SourceArn": "<PregenerateRule.Arn>"}},
    }
    assert resources["PregenerateLostAlarm"]["Properties"]["Dimensions"][0]["Value"] == "<PregenerateQueue.QueueName>"


@pytest.mark.parametrize("given", [{}, {"PregenerateBuckets": "data", "Jobs": "false"}])
def test_nothing_waits_for_events_unless_asked_and_there_are_jobs(given):
    rendered = cfn.render(**given)
    assert not [name for part in rendered.values() for name in part if name.startswith("Pregenerate")]
