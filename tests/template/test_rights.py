"""Which role may do what: exactly the calls of the contract, each on no more than it is for."""

import re

import pages
import pytest
import rights

from scripts import cloudformation as cfn
from scripts import docs

API, JOB, HASH, STATES, TRACKER = "FunctionRole", "JobRole", "HashRole", "StateMachineRole", "TrackerRole"
FUNCTION_ROLES = (API, JOB, HASH)
EVERYTHING = {"PregenerateBuckets": "data", "BatchBucket": "lists", "Tracker": "true", "EnoughSpeed": "1"}
PRIVATE = {"Access": "function-role", "ApiAuthorizer": "AWS_IAM"}
MACHINE = "<JobStateMachine>"
EXECUTIONS = "arn:aws:states:eu-central-1:123456789012:execution:<JobStateMachine.Name>"
# IAM's limit on the inline policies of one role, less what ARNs have more than their stand-ins here.
LARGEST_POLICIES = 10_240 - 500


def pairs(actions, *resources):
    return {(f"s3:{action}", f"arn:aws:s3:::{resource}") for action in actions.split() for resource in resources}


def listings(role, **given):
    """Pairs of a bucket and the prefixes that a role may list there."""
    return {
        (resource.removeprefix("arn:aws:s3:::"), prefix)
        for statement in rights.statements(role, **given)
        if "s3:ListBucket" in statement["Action"]
        for resource in statement["Resource"]
        for prefix in statement["Condition"]["StringLike"]["s3:prefix"]
    }


def expected(role, buckets, access, parts=True, keep=None, jobs=True, lists=True):
    """What a role should be allowed in S3, said a second time."""
    places = [keep] if keep else buckets
    found = set()
    if access == "function-role":
        found |= pairs("GetObject GetObjectVersion", *(f"{bucket}/*" for bucket in buckets))
        found |= pairs("ListBucket", *buckets) if lists and role != HASH else set()
    if role in (API, JOB):
        found |= pairs("GetObject PutObject", *(f"{place}/*.torrent" for place in places))
        of_parts = "GetObjectAttributes GetObjectVersionAttributes"
        found |= pairs(of_parts, *(f"{bucket}/*" for bucket in buckets)) if parts else set()
        found |= pairs("ListBucket", *places) if jobs else set()
    on_fragments = {JOB: "GetObject PutObject DeleteObject", HASH: "GetObject PutObject"}.get(role, "")
    return found | pairs(on_fragments, *(f"{place}/torrent-jobs/*" for place in places))


@pytest.mark.parametrize("buckets", [["data"], ["data", "more.data"], [f"bucket-{n}" for n in range(12)]], ids=len)
@pytest.mark.parametrize("access", ["public-read", "function-role"])
@pytest.mark.parametrize("keep", [None, "keep"])
def test_each_role_has_exactly_its_rights_on_each_bucket(buckets, access, keep):
    given = {"Buckets": ",".join(buckets), "Access": access, "SidecarBucket": keep or ""}
    for role in FUNCTION_ROLES:
        assert rights.grants(role, **given) == expected(role, buckets, access, keep=keep), role


@pytest.mark.parametrize("access", ["public-read", "function-role"])
@pytest.mark.parametrize("keep", [None, "keep"])
def test_what_is_turned_off_leaves_no_right(access, keep):
    given = {"Buckets": "one,two", "Access": access, "SidecarBucket": keep or ""}
    for role in FUNCTION_ROLES:
        same = role, ["one", "two"], access
        assert rights.grants(role, **given, PartChecksums="false") == expected(*same, parts=False, keep=keep)
        assert rights.grants(role, **given, Collections="false") == expected(*same, keep=keep, lists=False)
    without = {**given, "Jobs": "false"}
    assert rights.grants(API, **without) == expected(API, ["one", "two"], access, keep=keep, jobs=False)
    assert not rights.grants(API, "states", **without)
    assert not cfn.render(**without)["Resources"].keys() & {JOB, HASH, STATES}


@pytest.mark.parametrize("keep", ["", "keep"])
def test_only_the_jobs_own_keys_and_collections_can_be_listed(keep):
    given = {"Buckets": "one,two", "SidecarBucket": keep}
    fragments = {(keep or bucket, "torrent-jobs/*") for bucket in ("one", "two")}
    collections = {(bucket, "*/") for bucket in ("one", "two")}
    for role in (API, JOB):
        assert listings(role, **given) == fragments
        assert listings(role, **given, **PRIVATE) == fragments | collections
    assert listings(API, **given, **PRIVATE, Jobs="false") == collections


@pytest.mark.parametrize(
    ("roles", "program"),
    [([API], "get-object-torrent"), ([JOB, HASH], "torrent-job"), ([TRACKER], "torrent-tracker")],
)
def test_roles_grant_the_actions_of_the_calls_and_no_other(roles, program):
    calls = [call for call in docs.contract()["calls"] if program in call["programs"]]
    granted = set().union(*(rights.actions(role, **EVERYTHING, **PRIVATE) for role in roles))
    granted = {action for action in granted if action.split(":")[0] not in ("logs", "xray")}
    assert granted == {action for call in calls for action in call["actions"]}


@pytest.mark.parametrize("role", [API, JOB])
def test_what_makes_torrents_may_start_jobs_and_look_at_them_and_put_marks_and_no_peers(role):
    jobs = {("states:StartExecution", MACHINE), ("states:DescribeExecution", f"{EXECUTIONS}:*")}
    assert rights.grants(role, "states") == jobs
    (statement,) = [s for s in rights.statements(role, Tracker="true") if "dynamodb:PutItem" in s["Action"]]
    assert statement["Resource"] == "<TrackerTable.Arn>"
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["torrent", "peer", "length"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"},
    }


def test_the_api_may_read_until_when_a_swarm_is_fast_and_nothing_else_of_the_table():
    (statement,) = [s for s in rights.statements(API, **EVERYTHING) if "dynamodb:GetItem" in s["Action"]]
    assert statement["Resource"] == "<TrackerTable.Arn>"
    # AWS takes an item without a projection for ALL_ATTRIBUTES, so the second condition refuses it.
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["torrent", "peer", "fast_until"]},
        "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    assert "dynamodb:GetItem" not in rights.actions(API, Tracker="true") | rights.actions(JOB, **EVERYTHING)


def test_the_tracker_reaches_its_table_and_its_log_alone():
    resources = {one for s in rights.statements(TRACKER, Tracker="true") for one in cfn.as_list(s["Resource"])}
    assert resources == {"<TrackerTable.Arn>", "<TrackerFunctionLogGroup.Arn>"}


@pytest.mark.parametrize(("role", "group"), [(API, ""), (JOB, "Job"), (HASH, "Hash")])
def test_a_function_logs_to_its_own_group_only(role, group):
    assert {resource for _, resource in rights.grants(role, "logs")} == {f"<{group}FunctionLogGroup.Arn>"}


def test_the_state_machine_invokes_reads_lists_of_spans_and_minds_its_own_executions():
    functions = {("lambda:InvokeFunction", f"<{name}Function.Arn>") for name in ("Job", "Hash")}
    assert rights.grants(STATES, "lambda") == functions
    items = pairs("GetObject", "one/torrent-jobs/*/items.json", "two/torrent-jobs/*/items.json")
    assert rights.grants(STATES, Buckets="one,two") == items
    assert rights.grants(STATES, SidecarBucket="keep") == pairs("GetObject", "keep/torrent-jobs/*/items.json")
    minded = {
        (f"states:{verb}Execution", f"{EXECUTIONS}{end}") for verb in ("Describe", "Stop") for end in (":*", "/*:*")
    }
    started = {("states:StartExecution", MACHINE), ("states:RedriveExecution", f"{EXECUTIONS}/*:*")}
    assert rights.grants(STATES, "states") == minded | started


def test_the_roles_for_events_and_batches_do_one_thing():
    given = {"PregenerateBuckets": "data", "BatchBucket": "lists"}
    assert rights.actions("PregenerateRole", **given) == {"states:StartExecution"}
    assert rights.grants("PregenerateRole", "states", **given) == {("states:StartExecution", MACHINE)}
    assert rights.grants("BatchRole", "lambda", **given) == {("lambda:InvokeFunction", "<BatchFunction.Arn>")}
    reads, reports = pairs("GetObject GetObjectVersion", "lists/*"), pairs("PutObject", "lists/torrent-batch/*")
    assert rights.grants("BatchRole", **given) == reads | reports
    assert len(rights.actions("BatchRole", **given)) == 4


def test_each_role_is_assumed_by_the_service_it_is_for():
    resources = cfn.render(ApiGatewayLogRole="existing", **EVERYTHING)["Resources"]
    trusted = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            trusted[name] = statement["Principal"]["Service"].split(".")[0]
            for one in rights.statements(name, **EVERYTHING):
                assert one["Effect"] == "Allow"
                of = {action.split(":")[0] for action in cfn.as_list(one["Action"])}
                assert one["Resource"] != "*" or of <= {"logs", "xray"}, "a right on everything"
    of_functions = dict.fromkeys((API, JOB, HASH, TRACKER), "lambda")
    others = {STATES: "states", "PregenerateRole": "events", "BatchRole": "batchoperations"}
    assert trusted == {**of_functions, **others}


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_arns_are_of_the_partition(monkeypatch, partition):
    given = {"Buckets": "one,two", **EVERYTHING, **PRIVATE}
    granted = {role: rights.grants(role, **given) for role in (*FUNCTION_ROLES, STATES, "BatchRole")}
    monkeypatch.setitem(cfn.PSEUDO, "AWS::Partition", partition)
    for role, before in granted.items():
        there = {(action, resource.replace("arn:aws:", f"arn:{partition}:")) for action, resource in before}
        assert rights.grants(role, **given) == there
    assert all(f"arn:{partition}:" in arn or arn == MACHINE for _, arn in rights.grants(JOB, "states", **given))


@pytest.mark.parametrize(("length", "words"), [(63, "of the longest names"), (20, "of 20")])
def test_the_policies_have_room_for_as_many_buckets_as_the_template_says(monkeypatch, length, words):
    said = " ".join(re.sub("#", "", (cfn.ROOT / "template.yaml").read_text(encoding="utf-8")).split())
    count = int(re.search(rf"(\d+) {words}", said)[1])
    monkeypatch.setitem(cfn.PSEUDO, "AWS::Partition", "aws-us-gov")
    names = [f"{n:03}{'b' * (length - 3)}" for n in range(count + 1)]

    def largest(buckets):
        given = {"Buckets": ",".join(buckets), "Tracker": "true", "EnoughSpeed": "1", **PRIVATE}
        return max(rights.policy_size(role, **given) for role in (*FUNCTION_ROLES, STATES))

    assert largest(names[:-1]) <= LARGEST_POLICIES < largest(names)


def test_the_policies_for_a_bucket_grant_and_deny_the_listing_of_prefixes_alone():
    statements = [block for block in pages.json_blocks() if "Effect" in block]
    for statement, effect, test in zip(statements, ("Allow", "Deny"), ("StringLike", "StringNotLike"), strict=True):
        assert (statement["Effect"], statement["Action"]) == (effect, "s3:ListBucket")
        assert statement["Resource"] == "arn:aws:s3:::BUCKET"
        assert all(prefix.endswith("/*") for prefix in statement["Condition"][test]["s3:prefix"])
