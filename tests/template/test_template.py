"""template.yaml against src/: parameters and variables, permissions and calls; and the API it makes."""

import json
import re

import cloudformation as cfn
import pytest
import rust_source
from botocore import xform_name
from botocore.loaders import Loader

# The defaults of the contract that are not numbers. An empty parameter leaves the default to the function.
TEXT_DEFAULTS = {"ACCESS": "public-read", "SIDECAR_SUFFIX": ".torrent", "RUST_LOG": "info"}

# What S3 asks for, by the operation called. A sidecar has no version in its key, hence no GetObjectVersion there.
ACTIONS = {
    "head_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "get_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "get_object_attributes": {"s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"},
    "put_object": {"s3:PutObject"},
}

# What may stand in the access log: nothing from the query string, the headers or an identity.
LOGGED = {
    "extendedRequestId",
    "httpMethod",
    "identity.sourceIp",
    "integration.error",
    "integration.status",
    "integrationLatency",
    "path",
    "requestId",
    "requestTime",
    "resourcePath",
    "responseLatency",
    "responseLength",
    "status",
}

ENDPOINT = "https://<Api>.execute-api.eu-central-1.amazonaws.com/<ApiprodStage>"

TEN = ["data", "more.data", *(f"bucket-{number}" for number in range(3, 11))]


def parameter_of(variable):
    """TIME_BUDGET_MS is set by TimeBudgetMs."""
    return "".join(word.capitalize() for word in variable.split("_"))


def only(resources, kind):
    """The one resource of a type."""
    (found,) = [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]
    return found


def statements(**given):
    """Every statement of the function's role, however attached."""
    resources = cfn.render(**given)["Resources"]
    role = resources["FunctionRole"]["Properties"]
    assert "ManagedPolicyArns" not in role
    documents = [policy["PolicyDocument"] for policy in role["Policies"]]
    for resource in resources.values():
        assert resource["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        if resource["Type"] == "AWS::IAM::RolePolicy":
            assert resource["Properties"]["RoleName"] == "<FunctionRole>"
            documents.append(resource["Properties"]["PolicyDocument"])
    return [statement for document in documents for statement in document["Statement"]]


def grants(**given):
    """Pairs of action and resource that the role allows in S3."""
    return {
        (action, resource)
        for statement in statements(**given)
        for action in statement["Action"]
        if action.startswith("s3:")
        for resource in statement["Resource"]
    }


def sidecar_grants(*resources):
    return {(action, resource) for action in ("s3:GetObject", "s3:PutObject") for resource in resources}


def object_grants(*buckets):
    actions = ("s3:GetObject", "s3:GetObjectVersion")
    return {(action, f"arn:aws:s3:::{bucket}/*") for action in actions for bucket in buckets}


def part_grants(*buckets):
    actions = ("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")
    return {(action, f"arn:aws:s3:::{bucket}/*") for action in actions for bucket in buckets}


def without_parts(**given):
    """What is granted where the function may not list parts."""
    return grants(**given, PartChecksums="false")


def environment(**given):
    return only(cfn.render(**given)["Resources"], "AWS::Lambda::Function")["Environment"]["Variables"]


# Parameters and variables


def test_the_function_gets_the_variables_that_config_reads():
    assert sorted(environment()) == sorted(rust_source.variables())


@pytest.mark.parametrize("variable", rust_source.variables())
def test_every_variable_is_a_described_parameter(variable):
    parameter = cfn.load()["Parameters"][parameter_of(variable)]
    assert f"({variable})" in parameter["Description"]
    bounds = {"AllowedPattern", "AllowedValues", "MinValue"}
    assert bounds & parameter.keys(), "nothing bounds its values"


@pytest.mark.parametrize("variable", rust_source.variables())
def test_a_parameter_reaches_its_variable_as_it_is(variable):
    given = {parameter_of(variable): "a value"}
    assert environment(**given)[variable] == "a value"


def test_defaults_are_empty_or_those_of_config():
    numbers = {name: str(default) for name, (default, _, _) in rust_source.numbers().items()}
    expected = {**TEXT_DEFAULTS, **numbers}
    for variable in rust_source.variables():
        parameter = cfn.load()["Parameters"][parameter_of(variable)]
        if variable == "BUCKETS":
            assert "Default" not in parameter
        else:
            assert parameter["Default"] == expected.get(variable, ""), variable


def test_numbers_have_the_range_of_config():
    numbers = rust_source.numbers()
    parameters = cfn.load()["Parameters"]
    of_type_number = {v for v in rust_source.variables() if parameters[parameter_of(v)]["Type"] == "Number"}
    assert numbers.keys() == of_type_number
    for variable, (_, smallest, largest) in numbers.items():
        parameter = parameters[parameter_of(variable)]
        assert (parameter["MinValue"], parameter["MaxValue"]) == (smallest, largest), variable


def test_piece_length_is_a_power_of_two_or_left_to_the_function():
    expected = ["", *(str(2**power) for power in range(14, 29))]
    assert cfn.load()["Parameters"]["PieceLength"]["AllowedValues"] == expected


def test_the_defaults_can_be_deployed():
    assert cfn.parameter_faults() == []
    assert cfn.rule_faults() == []


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("Buckets", "data"),
        ("Buckets", "a.b-c,data2,data3"),
        ("Buckets", ",".join(TEN)),
        ("SidecarPrefix", "torrents/"),
        ("SidecarSuffix", ""),
        ("Trackers", "udp://tracker.example:6969/announce,https://t.example/announce"),
        ("WebSeeds", "none"),
        ("WebSeeds", "https://{bucket}.s3.{region}.{suffix}/{key}, https://cdn.example/{key}"),
        ("JobStateMachineArn", "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Hash_it-1"),
        ("VirtualHostDomain", "torrents.example.org"),
        ("RustLog", "warn,get_object_torrent=debug"),
    ],
)
def test_a_parameter_takes(parameter, value):
    assert cfn.parameter_faults(**{parameter: value}) == []


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("Buckets", ""),
        ("Buckets", "*"),
        ("Buckets", "da*ta"),
        ("Buckets", "data,"),
        ("Buckets", "data, more"),
        ("Buckets", "data/secret"),
        ("Buckets", ",".join([*TEN, "eleven"])),
        ("SidecarBucket", "*"),
        ("SidecarBucket", "one,two"),
        ("SidecarPrefix", "*"),
        ("SidecarPrefix", "torrent?/"),
        ("SidecarPrefix", "${aws:username}"),
        ("SidecarSuffix", "*.torrent"),
        ("SidecarSuffix", "?"),
        ("SidecarSuffix", "${*}"),
        ("Trackers", "ftp://tracker.example"),
        ("WebSeeds", "https://cdn.example/"),
        ("WebSeeds", "https://cdn.example/{key}?x=1"),
        ("PieceLength", "1000"),
        ("FetchConcurrency", "65"),
        ("JobStateMachineArn", "arn:aws:lambda:eu-central-1:123456789012:function:f"),
        ("VirtualHostDomain", "https://torrents.example.org"),
        ("ApiAuthorizer", "none"),
    ],
)
def test_a_parameter_refuses(parameter, value):
    assert cfn.parameter_faults(**{parameter: value}) == [parameter]


def test_the_functions_role_is_not_lent_to_the_internet():
    (fault,) = cfn.rule_faults(Access="function-role")
    assert "ApiAuthorizer=AWS_IAM" in fault
    assert cfn.rule_faults(Access="function-role", ApiAuthorizer="AWS_IAM") == []


def test_a_sidecar_cannot_lie_on_its_object():
    (fault,) = cfn.rule_faults(SidecarSuffix="")
    assert "SidecarPrefix" in fault
    assert cfn.rule_faults(SidecarSuffix="", SidecarPrefix="torrents/") == []
    assert cfn.rule_faults(SidecarSuffix="", SidecarBucket="torrents") == []


# Permissions


def test_the_role_grants_the_actions_the_code_calls_and_no_other():
    operations = {xform_name(name) for name in Loader().load_service_model("s3", "service-2")["operations"]}
    calls = rust_source.s3_calls(operations)
    assert calls <= ACTIONS.keys(), "give ACTIONS what S3 asks for these"
    needed = set().union(*(ACTIONS[call] for call in calls))
    granted = {action for action, _ in grants(Access="function-role", ApiAuthorizer="AWS_IAM")}
    assert granted == needed


@pytest.mark.parametrize("count", range(1, 11))
def test_public_read_grants_the_sidecars_of_each_bucket(count):
    names = TEN[:count]
    assert without_parts(Buckets=",".join(names)) == sidecar_grants(
        *(f"arn:aws:s3:::{name}/*.torrent" for name in names)
    )


@pytest.mark.parametrize("count", range(1, 11))
def test_function_role_grants_the_objects_of_each_bucket_as_well(count):
    names = TEN[:count]
    expected = sidecar_grants(*(f"arn:aws:s3:::{name}/*.torrent" for name in names)) | object_grants(*names)
    assert without_parts(Buckets=",".join(names), Access="function-role", ApiAuthorizer="AWS_IAM") == expected


@pytest.mark.parametrize("count", range(1, 11))
def test_a_sidecar_bucket_gets_a_folder_for_each_bucket(count):
    names = TEN[:count]
    expected = sidecar_grants(*(f"arn:aws:s3:::keep/{name}/*.torrent" for name in names))
    assert without_parts(Buckets=",".join(names), SidecarBucket="keep") == expected


def test_sidecar_prefix_and_suffix_narrow_the_grant():
    expected = sidecar_grants("arn:aws:s3:::one/kept/*.t", "arn:aws:s3:::two/kept/*.t")
    assert without_parts(Buckets="one,two", SidecarPrefix="kept/", SidecarSuffix=".t") == expected


def test_a_sidecar_bucket_keeps_prefix_and_suffix():
    given = {"Buckets": "one,two,three", "SidecarBucket": "keep", "SidecarPrefix": "p/", "SidecarSuffix": ".t"}
    sidecars = sidecar_grants(*(f"arn:aws:s3:::keep/p/{bucket}/*.t" for bucket in ("one", "two", "three")))
    assert without_parts(**given) == sidecars
    assert without_parts(**given, Access="function-role") == sidecars | object_grants("one", "two", "three")


@pytest.mark.parametrize("count", range(1, 11))
@pytest.mark.parametrize("access", ["public-read", "function-role"])
def test_part_checksums_grant_the_parts_of_each_bucket_and_no_byte(count, access):
    given = {"Buckets": ",".join(TEN[:count]), "Access": access, "ApiAuthorizer": "AWS_IAM"}
    assert grants(**given) - without_parts(**given) == part_grants(*TEN[:count])


def test_arns_are_of_the_partition(monkeypatch):
    monkeypatch.setitem(cfn.PSEUDO, "AWS::Partition", "aws-cn")
    for given in ({}, {"SidecarBucket": "keep", "Access": "function-role"}):
        assert grants(**given)
        assert all(resource.startswith("arn:aws-cn:s3:::") for _, resource in grants(**given))


def test_beyond_s3_the_role_may_log_and_trace():
    others = [s for s in statements() if not any(action.startswith("s3:") for action in s["Action"])]
    assert all(statement["Effect"] == "Allow" for statement in statements())
    assert {(tuple(s["Action"]), s["Resource"]) for s in others} == {
        (("logs:CreateLogStream", "logs:PutLogEvents"), "<FunctionLogGroup.Arn>"),
        (("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*"),
    }


# The function


def test_the_function_runs_the_binary_on_al2023():
    function = only(cfn.render()["Resources"], "AWS::Lambda::Function")
    assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "bootstrap")
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"]["LogGroup"] == "<FunctionLogGroup>"
    assert function["Role"] == "<FunctionRole.Arn>"
    assert cfn.load()["Resources"]["ApiFunction"]["Metadata"] == {
        "BuildMethod": "rust-cargolambda",
        "BuildProperties": {"Binary": "get-object-torrent"},
    }
    manifest = (cfn.ROOT / "Cargo.toml").read_text(encoding="utf-8")
    assert 'name = "get-object-torrent"' in manifest


def test_size_and_time_are_parameters():
    given = {"Architecture": "x86_64", "MemorySize": "256", "FunctionTimeout": "60"}
    function = only(cfn.render(**given)["Resources"], "AWS::Lambda::Function")
    assert function["Architectures"] == ["x86_64"]
    assert (function["MemorySize"], function["Timeout"]) == ("256", "60")


@pytest.mark.parametrize(("given", "reserved"), [("-1", None), ("0", "0"), ("20", "20")])
def test_concurrency_is_reserved_on_request(given, reserved):
    function = only(cfn.render(ReservedConcurrency=given)["Resources"], "AWS::Lambda::Function")
    assert function.get("ReservedConcurrentExecutions") == reserved


def test_the_default_time_budget_ends_before_the_function_and_the_api():
    chosen = cfn.values()
    assert int(chosen["TimeBudgetMs"]) < int(chosen["FunctionTimeout"]) * 1000 <= 29_000


def test_every_log_group_has_a_retention():
    resources = cfn.render(LogRetentionDays="7")["Resources"].values()
    groups = [r["Properties"] for r in resources if r["Type"] == "AWS::Logs::LogGroup"]
    assert [group["RetentionInDays"] for group in groups] == ["7", "7"]


# The API


def methods(**given):
    api = only(cfn.render(**given)["Resources"], "AWS::ApiGateway::RestApi")
    return {(path, name): method for path, item in api["Body"]["paths"].items() for name, method in item.items()}


def test_every_path_and_method_goes_to_the_function():
    any_method = "x-amazon-apigateway-any-method"
    found = methods()
    assert found.keys() == {(path, m) for path in ("/", "/{proxy+}") for m in (any_method, "options")}
    for method in found.values():
        integration = method["x-amazon-apigateway-integration"]
        assert integration["type"] == "aws_proxy"
        assert "ApiFunction.Arn" in integration["uri"]


def test_the_api_is_open_by_default():
    assert not any(method.get("security") for method in methods().values())


def test_aws_iam_closes_all_but_the_preflight():
    for (_, name), method in methods(ApiAuthorizer="AWS_IAM").items():
        assert method.get("security", []) == ([] if name == "options" else [{"AWS_IAM": []}])
        # With credentials here, every caller would need rights on the function itself.
        assert "credentials" not in method["x-amazon-apigateway-integration"]
    assert cfn.load()["Resources"]["Api"]["Properties"]["Auth"]["InvokeRole"] == "NONE"


def test_another_authorizer_is_deployed_to_the_stage():
    # A stage serves a deployment, a snapshot: without a new one the API would stay as open as it was.
    deployments = {
        only(cfn.render(ApiAuthorizer=authorizer)["Resources"], "AWS::ApiGateway::Stage")["DeploymentId"]
        for authorizer in ("NONE", "AWS_IAM")
    }
    assert len(deployments) == 2


def test_the_api_is_regional_and_passes_bytes():
    api = only(cfn.render()["Resources"], "AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert api["BinaryMediaTypes"] == ["*~1*"]
    assert api["Body"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_the_stage_throttles_and_traces():
    stage = only(cfn.render(ThrottleRate="7", ThrottleBurst="9")["Resources"], "AWS::ApiGateway::Stage")
    (settings,) = stage["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == ("7", "9")
    assert stage["TracingEnabled"] is True


def test_execution_logs_with_their_headers_are_off():
    (settings,) = only(cfn.render()["Resources"], "AWS::ApiGateway::Stage")["MethodSettings"]
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False


def test_the_access_log_is_json_and_holds_no_secret():
    setting = only(cfn.render()["Resources"], "AWS::ApiGateway::Stage")["AccessLogSetting"]
    assert setting["DestinationArn"] == "<AccessLogGroup.Arn>"
    entry = json.loads(setting["Format"])
    assert all(re.fullmatch(r"\$context\.[A-Za-z.]+", value) for value in entry.values())
    assert {value.removeprefix("$context.") for value in entry.values()} == LOGGED


def test_the_accounts_log_role_is_made_on_request_before_the_stage_and_stays():
    with_role = cfn.render(ApiGatewayLogRole="create")["Resources"]
    assert with_role["AccessLogGroup"]["Metadata"]["After"] == "<ApiGatewayAccount>"
    for name in ("ApiGatewayAccount", "ApiGatewayAccountRole"):
        assert with_role[name]["DeletionPolicy"] == with_role[name]["UpdateReplacePolicy"] == "Retain"
    without = cfn.render(ApiGatewayLogRole="existing")["Resources"]
    assert with_role.keys() - without.keys() == {"ApiGatewayAccount", "ApiGatewayAccountRole"}


def test_the_gateways_own_answers_can_be_read_by_a_browser():
    api = only(cfn.render()["Resources"], "AWS::ApiGateway::RestApi")
    answers = api["Body"]["x-amazon-apigateway-gateway-responses"]
    for answer in answers.values():
        assert answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    for name in ("THROTTLED", "INTEGRATION_TIMEOUT"):
        assert answers[name]["statusCode"] == "503"
        assert answers[name]["responseParameters"]["gatewayresponse.header.x-amz-retry-after"] == "'5000'"


# Outputs


def test_the_command_is_ready_to_paste():
    outputs = cfn.render(Buckets="one,two")["Outputs"]
    assert outputs["Endpoint"]["Value"] == ENDPOINT
    assert outputs["Command"]["Value"] == (
        f"aws s3api get-object-torrent --no-sign-request --endpoint-url {ENDPOINT} --bucket one --key KEY out.torrent"
    )


def test_behind_aws_iam_the_command_signs_for_the_api():
    command = cfn.render(Buckets="one,two", ApiAuthorizer="AWS_IAM")["Outputs"]["Command"]["Value"]
    assert "--aws-sigv4 aws:amz:eu-central-1:execute-api" in command
    assert f'"{ENDPOINT}/one/KEY?torrent="' in command


def test_the_outputs_name_what_an_operator_looks_for():
    outputs = {name: output["Value"] for name, output in cfn.render()["Outputs"].items()}
    assert outputs["FunctionName"] == "<ApiFunction>"
    assert outputs["FunctionLogGroupName"] == "<FunctionLogGroup>"
