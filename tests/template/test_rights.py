"""Which role may do what: exactly the calls of src/, each on no more than it is for."""

import cloudformation as cfn
import pytest
import rights
import rust_source
import test_jobs
from botocore import xform_name
from botocore.loaders import Loader

# What S3 asks for, by the operation called. A sidecar has no version in its key, hence no GetObjectVersion there.
ACTIONS = {
    "head_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "get_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "get_object_attributes": {"s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"},
    "put_object": {"s3:PutObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "delete_objects": {"s3:DeleteObject"},
}

API, JOB, HASH, STATES, TRACKER = "FunctionRole", "JobRole", "HashRole", "StateMachineRole", "TrackerRole"

FUNCTION_ROLES = (API, JOB, HASH)

TEN = ["data", "more.data", *(f"bucket-{number}" for number in range(3, 11))]

EVERYTHING = {"PregenerateBuckets": "data", "BatchBucket": "lists", "Tracker": "true"}

PRIVATE = {"Access": "function-role", "ApiAuthorizer": "AWS_IAM"}

MACHINE = "<JobStateMachine>"

EXECUTIONS = "arn:aws:states:eu-central-1:123456789012:execution:<JobStateMachine.Name>"

# IAM's limit on the inline policies of one role.
LARGEST_POLICIES = 10_240


def pairs(actions, *resources):
    return {(f"s3:{action}", f"arn:aws:s3:::{resource}") for action in actions.split() for resource in resources}


def sidecars(*resources):
    return pairs("GetObject PutObject", *resources)


def objects(*buckets):
    return pairs("GetObject GetObjectVersion", *(f"{bucket}/*" for bucket in buckets))


def parts(*buckets):
    return pairs("GetObjectAttributes GetObjectVersionAttributes", *(f"{bucket}/*" for bucket in buckets))


def listings(role, **given):
    """Pairs of a bucket and the prefixes that a role may list there."""
    return {
        (resource, prefix)
        for statement in rights.statements(role, **given)
        if statement["Action"] == ["s3:ListBucket"]
        for resource in statement["Resource"]
        for prefix in statement["Condition"]["StringLike"]["s3:prefix"]
    }


def expected(role, buckets, access, parts_listed, keep=None, prefix="", suffix=".torrent", jobs=True, lists=True):
    """What a role should be allowed in S3, said a second time."""
    of_sidecars = [f"{keep}/{prefix}{b}/*{suffix}" if keep else f"{b}/{prefix}*{suffix}" for b in buckets]
    places = [keep] if keep else buckets
    fragments = [f"{place}/{prefix}torrent-jobs/*" for place in places]
    found = set()
    if access == "function-role":
        found |= objects(*buckets)
        found |= pairs("ListBucket", *buckets) if lists and role != HASH else set()
    if role in (API, JOB):
        found |= sidecars(*of_sidecars)
        found |= parts(*buckets) if parts_listed else set()
        found |= pairs("ListBucket", *places) if jobs else set()
    if role == JOB:
        found |= pairs("GetObject PutObject DeleteObject", *fragments)
    if role == HASH:
        found |= pairs("GetObject PutObject", *fragments)
    return found


# The functions' roles in S3


@pytest.mark.parametrize("count", range(1, 11))
@pytest.mark.parametrize("access", ["public-read", "function-role"])
@pytest.mark.parametrize("keep", [None, "keep"])
def test_each_role_has_exactly_its_rights_on_each_bucket(count, access, keep):
    names = TEN[:count]
    given = {"Buckets": ",".join(names), "Access": access, "SidecarBucket": keep or ""}
    for role in FUNCTION_ROLES:
        assert rights.grants(role, **given) == expected(role, names, access, True, keep), role


@pytest.mark.parametrize("access", ["public-read", "function-role"])
@pytest.mark.parametrize("keep", [None, "keep"])
def test_prefix_and_suffix_narrow_what_is_granted(access, keep):
    given = {"Buckets": "one,two", "Access": access, "SidecarBucket": keep or ""}
    given |= {"SidecarPrefix": "p/", "SidecarSuffix": ".t"}
    for role in FUNCTION_ROLES:
        assert rights.grants(role, **given) == expected(role, ["one", "two"], access, True, keep, "p/", ".t"), role


@pytest.mark.parametrize("access", ["public-read", "function-role"])
def test_without_part_checksums_no_role_may_list_parts(access):
    given = {"Access": access, "PartChecksums": "false"}
    for role in FUNCTION_ROLES:
        assert rights.grants(role, **given) == expected(role, ["data"], access, False), role


@pytest.mark.parametrize("access", ["public-read", "function-role"])
@pytest.mark.parametrize("keep", [None, "keep"])
def test_without_collections_no_role_may_list_their_prefixes(access, keep):
    given = {"Access": access, "SidecarBucket": keep or "", "Collections": "false"}
    for role in FUNCTION_ROLES:
        assert rights.grants(role, **given) == expected(role, ["data"], access, True, keep, lists=False), role


@pytest.mark.parametrize("access", ["public-read", "function-role"])
@pytest.mark.parametrize("keep", [None, "keep"])
def test_without_jobs_the_api_role_has_no_right_of_theirs(access, keep):
    given = {"Buckets": ",".join(TEN), "Access": access, "SidecarBucket": keep or "", "Jobs": "false"}
    assert rights.grants(API, **given) == expected(API, TEN, access, True, keep, jobs=False)
    assert rights.services(API, **given) == {"s3", "logs", "xray"}
    assert not cfn.render(**given)["Resources"].keys() & {JOB, HASH, STATES}


def test_in_public_read_mode_no_role_may_read_objects():
    for role in FUNCTION_ROLES:
        assert not rights.grants(role, Buckets="one,two") & objects("one", "two")


def test_the_hash_function_writes_fragments_and_nothing_else():
    for given in ({}, PRIVATE, {"SidecarBucket": "keep", "SidecarPrefix": "p/"}):
        granted = rights.grants(HASH, **given)
        assert {action for action, _ in granted} <= {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"}
        assert all("/torrent-jobs/*" in key or "/p/torrent-jobs/*" in key for a, key in granted if a == "s3:PutObject")


def test_only_what_hashes_and_what_cleans_up_reach_fragments():
    fragment = "arn:aws:s3:::data/torrent-jobs/*"
    holders = {(role, action) for role in FUNCTION_ROLES for action, key in rights.grants(role) if key == fragment}
    assert holders == {
        (JOB, "s3:GetObject"),
        (JOB, "s3:PutObject"),
        (JOB, "s3:DeleteObject"),
        (HASH, "s3:GetObject"),
        (HASH, "s3:PutObject"),
    }


@pytest.mark.parametrize("keep", ["", "keep"])
def test_only_the_jobs_own_keys_and_collections_can_be_listed(keep):
    given = {"Buckets": "one,two", "SidecarBucket": keep, "SidecarPrefix": "p/"}
    buckets = ["arn:aws:s3:::one", "arn:aws:s3:::two"]
    fragments = {(f"arn:aws:s3:::{keep}" if keep else bucket, "p/torrent-jobs/*") for bucket in buckets}
    collections = {(bucket, "*/") for bucket in buckets}
    for role in (API, JOB):
        assert listings(role, **given) == fragments
        assert listings(role, **given, **PRIVATE) == fragments | collections
        assert listings(role, **given, **PRIVATE, Collections="false") == fragments
    assert listings(API, **given, **PRIVATE, Jobs="false") == collections
    assert not listings(HASH, **given, **PRIVATE)


def test_the_roles_grant_the_actions_the_code_calls_and_no_other():
    operations = {xform_name(name) for name in Loader().load_service_model("s3", "service-2")["operations"]}
    calls = rust_source.calls(operations, "**/*.rs")
    assert calls <= ACTIONS.keys(), "give ACTIONS what S3 asks for these"
    needed = set().union(*(ACTIONS[call] for call in calls))
    granted = {action for role in FUNCTION_ROLES for action, _ in rights.grants(role, **PRIVATE)}
    assert granted == needed


# Beyond S3


def test_the_api_function_and_the_one_that_plans_may_start_jobs_and_look_at_them():
    for role in (API, JOB):
        assert rights.grants(role, "states") == {
            ("states:StartExecution", MACHINE),
            ("states:DescribeExecution", f"{EXECUTIONS}:*"),
        }
        assert rights.services(role) == {"s3", "states", "logs", "xray"}
    assert rights.services(HASH) == {"s3", "logs", "xray"}


@pytest.mark.parametrize(
    ("role", "log_group"),
    [(API, "FunctionLogGroup"), (JOB, "JobFunctionLogGroup"), (HASH, "HashFunctionLogGroup")],
)
def test_a_function_may_log_to_its_own_group_and_trace(role, log_group):
    log = f"<{log_group}.Arn>"
    assert rights.grants(role, "logs") == {("logs:CreateLogStream", log), ("logs:PutLogEvents", log)}
    assert rights.grants(role, "xray") == {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}


def test_the_state_machine_invokes_its_two_functions():
    assert rights.grants(STATES, "lambda") == {
        ("lambda:InvokeFunction", "<JobFunction.Arn>"),
        ("lambda:InvokeFunction", "<HashFunction.Arn>"),
    }
    assert rights.services(STATES) == {"lambda", "s3", "states", "logs", "xray"}


@pytest.mark.parametrize("count", range(1, 11))
@pytest.mark.parametrize("access", ["public-read", "function-role"])
def test_the_state_machine_reads_lists_of_spans_and_nothing_else(count, access):
    given = {"Buckets": ",".join(TEN[:count]), "Access": access}
    own = [f"{name}/p/torrent-jobs/*/items.json" for name in TEN[:count]]
    assert rights.grants(STATES, **given, SidecarPrefix="p/") == pairs("GetObject", *own)
    assert rights.grants(STATES, **given, SidecarBucket="keep") == pairs("GetObject", "keep/torrent-jobs/*/items.json")


def test_the_state_machine_starts_and_ends_its_own_executions_only():
    assert rights.grants(STATES, "states") == {
        ("states:StartExecution", MACHINE),
        ("states:DescribeExecution", f"{EXECUTIONS}:*"),
        ("states:DescribeExecution", f"{EXECUTIONS}/*:*"),
        ("states:StopExecution", f"{EXECUTIONS}:*"),
        ("states:StopExecution", f"{EXECUTIONS}/*:*"),
        ("states:RedriveExecution", f"{EXECUTIONS}/*:*"),
    }


def test_the_rule_starts_executions_and_nothing_else():
    assert rights.services("PregenerateRole", PregenerateBuckets="data") == {"states"}
    assert rights.grants("PregenerateRole", "states", PregenerateBuckets="data") == {("states:StartExecution", MACHINE)}


def roles(**given):
    resources = cfn.render(ApiGatewayLogRole="existing", **given)["Resources"]
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::IAM::Role"}


def test_each_role_is_assumed_by_the_service_it_is_for():
    trusted = {}
    for name, role in roles(**EVERYTHING).items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        trusted[name] = statement["Principal"]["Service"].split(".")[0]
    of_functions = dict.fromkeys((API, JOB, HASH, TRACKER), "lambda")
    others = {STATES: "states", "PregenerateRole": "events", "BatchRole": "batchoperations"}
    assert trusted == {**of_functions, **others}


def test_everything_is_allowed_and_nothing_on_every_resource_but_logs_and_traces():
    for role in roles(**EVERYTHING):
        for statement in rights.statements(role, **EVERYTHING):
            assert statement["Effect"] == "Allow"
            if statement["Resource"] == "*":
                assert {action.split(":")[0] for action in statement["Action"]} <= {"logs", "xray"}


def test_arns_are_of_the_partition(monkeypatch):
    monkeypatch.setitem(cfn.PSEUDO, "AWS::Partition", "aws-cn")
    for given in ({}, {"SidecarBucket": "keep", **PRIVATE}):
        for role in (*FUNCTION_ROLES, STATES):
            granted = rights.grants(role, **given) | rights.grants(role, "states", **given)
            assert granted
            assert all(resource.startswith(("arn:aws-cn:", "<")) for _, resource in granted)


@pytest.mark.parametrize("keep", ["", "k" * 63])
def test_the_longest_names_fit_into_a_roles_policies(monkeypatch, keep):
    parameters = cfn.load()["Parameters"]
    longest = {name: "x" * parameters[name]["MaxLength"] for name in ("SidecarPrefix", "SidecarSuffix")}
    given = {"Buckets": ",".join(f"{n}{'b' * 62}" for n in range(10)), "SidecarBucket": keep, "Tracker": "true"}
    given |= {**longest, **PRIVATE}
    monkeypatch.setitem(cfn.PSEUDO, "AWS::Partition", "aws-us-gov")
    for role in (*FUNCTION_ROLES, STATES):
        # What stands for an ARN in tests is shorter than one.
        assert rights.policy_size(role, **given) < LARGEST_POLICIES - 500, role


# docs/OPERATIONS.md


def test_the_policies_for_a_bucket_grant_and_deny_the_listing_of_prefixes_alone():
    statements = [block for block in test_jobs.json_blocks() if "Effect" in block]
    for statement, effect, test in zip(statements, ("Allow", "Deny"), ("StringLike", "StringNotLike"), strict=True):
        assert (statement["Effect"], statement["Action"]) == (effect, "s3:ListBucket")
        assert statement["Resource"] == "arn:aws:s3:::BUCKET"
        assert all(prefix.endswith("/*") for prefix in statement["Condition"][test]["s3:prefix"])
