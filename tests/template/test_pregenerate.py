"""The rule on S3's events: which objects start a job, and what it is told."""

import json

import pytest

from scripts import cloudformation as cfn

GIB = 1024**3
LARGE = 300 * GIB
# In bytes: no more fits a Lambda response.
LARGEST_TORRENT = 4_500_000
GIVEN = {"PregenerateBuckets": "data,more.data", "PregeneratePrefix": "models/"}
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
# "Numeric matching is limited to values between -5.0e9 and +5.0e9": whatever lies beyond is taken to match nothing.
LARGEST_NUMBER = 5e9


def matches(pattern, event):
    """Whether an event passes: all fields of the pattern, and one alternative of an $or."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(alternative, event) for alternative in wanted):
                return False
        elif isinstance(wanted, dict):
            if not (isinstance(event.get(name), dict) and matches(wanted, event[name])):
                return False
        elif name not in event or not any(_is(one, event[name]) for one in wanted):
            return False
    return True


def _is(wanted, value):
    if not isinstance(wanted, dict):
        return wanted == value
    ((operator, argument),) = wanted.items()
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(argument)
    assert operator == "numeric", f"not known here: {operator}"
    relation, bound = argument
    assert relation == ">=" and isinstance(bound, int) and abs(bound) <= LARGEST_NUMBER
    return isinstance(value, int) and abs(value) <= LARGEST_NUMBER and value >= bound


def transformed(transformer, event):
    """The text that a target gets."""
    assert transformer["InputPathsMap"] == {"detail": "$.detail"}
    return transformer["InputTemplate"].replace("<detail>", json.dumps(event["detail"]))


def event(size, key="models/weights", bucket="data", reason=None):
    """An upload: in parts where it is larger than S3 takes at once.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    reason = reason or ("CompleteMultipartUpload" if size > 5 * GIB else "PutObject")
    found = {"key": key, "size": size, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "00617F08299329D189"}
    detail = {"version": "0", "bucket": {"name": bucket}, "object": found, "reason": reason}
    return {"detail-type": "Object Created", "source": "aws.s3", "region": "eu-central-1", "detail": detail}


def rule(**given):
    return cfn.render(**{**GIVEN, **given})["Resources"]["PregenerateRule"]["Properties"]


def starts(what, **given):
    return matches(json.loads(rule(**given)["EventPattern"]), what)


@pytest.mark.parametrize("size", [GIB, 5_000_000_000, 6_000_000_000, LARGE, 53_687_091_200_000])
def test_a_large_object_starts_a_job(size):
    assert starts(event(size))


@pytest.mark.parametrize("reason", ["PutObject", "POST Object", "CopyObject"])
def test_a_small_object_starts_nothing(reason):
    assert not starts(event(0, reason=reason)) and not starts(event(GIB - 1, reason=reason))


@pytest.mark.parametrize(
    "what",
    [
        event(LARGE, bucket="data2"),
        event(LARGE, bucket="more"),
        event(LARGE, key="weights"),
        event(LARGE, key="old/models/weights"),
        {**event(LARGE), "detail-type": "Object Deleted"},
        {**event(LARGE), "source": "my.own"},
    ],
    ids=["bucket", "bucket's beginning", "key", "prefix elsewhere", "deletion", "source"],
)
def test_what_was_not_asked_for_starts_nothing(what):
    assert not starts(what)


@pytest.mark.parametrize("prefix", ["", "models/2024 é/", "größe/{x}<y>&'", "$.detail"])
def test_a_prefix_may_hold_any_text_but_quotes(prefix):
    assert cfn.parameter_faults(PregeneratePrefix=prefix) == []
    assert starts(event(LARGE, key=f"{prefix}weights", bucket="more.data"), PregeneratePrefix=prefix)
    assert starts(event(LARGE), PregeneratePrefix=prefix) == (prefix == "")


def test_what_a_job_itself_writes_starts_nothing():
    fragment = f"torrent-jobs/b1946ac92492d2347c6235b4d2611184b1946ac9/spans/{0:020}-{4 * GIB:020}"
    for key in ("models/weights.torrent", fragment):
        assert not starts(event(LARGEST_TORRENT, key=key), PregeneratePrefix=""), key


@pytest.mark.parametrize("length", [3, 63])
def test_the_longest_pattern_is_one_that_eventbridge_takes(length):
    longest = cfn.load()["Parameters"]["PregenerateBuckets"]["MaxLength"]
    names = ",".join(["b" * length] * ((longest + 1) // (length + 1)))
    assert cfn.parameter_faults(PregenerateBuckets=names) == []
    assert len(rule(PregenerateBuckets=names, PregeneratePrefix="x" * 1024)["EventPattern"]) <= 4096


@pytest.mark.parametrize("key", ["models/weights", 'models/"quoted" \\ back', "models/größe 🎈\n\t<detail>"])
def test_the_job_is_told_the_event_whatever_the_key_and_the_smallest_size(key):
    (target,) = rule()["Targets"]
    what = event(LARGE, key=key)
    assert json.loads(transformed(target["InputTransformer"], what)) == {"detail": what["detail"], "minSize": GIB}
    assert target["Arn"] == "<JobStateMachine>"


def test_what_cannot_be_delivered_is_kept():
    (target,) = rule()["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": "<PregenerateQueue.Arn>"}
    policy = cfn.render(**GIVEN)["Resources"]["PregenerateQueuePolicy"]["Properties"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": "<PregenerateRule.Arn>"}}


def test_nothing_waits_for_events_or_batches_unless_asked():
    assert not [name for part in cfn.render().values() for name in part if name.startswith(("Pregenerate", "Batch"))]
