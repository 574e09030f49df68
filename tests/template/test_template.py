"""template.yaml against src/: parameters and variables; the API function, and the API it makes."""

import json
import re

import cloudformation as cfn
import pytest
import rust_source
from botocore.loaders import Loader
from test_rights import TEN

# The defaults of the contract that are not numbers. An empty parameter leaves the default to the function.
TEXT_DEFAULTS = {"ACCESS": "public-read", "SIDECAR_SUFFIX": ".torrent", "COLLECTIONS": "true", "RUST_LOG": "info"}

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

# The state machine and the tracker are the template's own.
OWN = {"JOB_STATE_MACHINE_ARN", "TRACKER_URL", "TRACKER_TABLE"}
SET_BY_PARAMETER = [name for name in rust_source.variables() if name not in OWN]

FUNCTIONS = ("ApiFunction", "JobFunction", "HashFunction")


def parameter_of(variable):
    """TIME_BUDGET_MS is set by TimeBudgetMs."""
    return "".join(word.capitalize() for word in variable.split("_"))


def only(resources, kind):
    """The one resource of a type."""
    (found,) = [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]
    return found


def function(name="ApiFunction", **given):
    return cfn.render(**given)["Resources"][name]["Properties"]


def environment(name="ApiFunction", **given):
    return function(name, **given)["Environment"]["Variables"]


# Parameters and variables


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_gets_the_variables_that_config_reads(name):
    assert sorted(environment(name)) == sorted(rust_source.variables())


def test_the_functions_read_the_same_configuration_but_for_the_state_machine():
    api, job, hasher = (environment(name) for name in FUNCTIONS)
    assert job == hasher == {**api, "JOB_STATE_MACHINE_ARN": ""}


def test_the_api_function_learns_the_state_machine_if_there_is_one():
    assert environment()["JOB_STATE_MACHINE_ARN"] == "<JobStateMachine>"
    assert environment(Jobs="false")["JOB_STATE_MACHINE_ARN"] == ""


@pytest.mark.parametrize("variable", SET_BY_PARAMETER)
def test_every_variable_is_a_described_parameter(variable):
    parameter = cfn.load()["Parameters"][parameter_of(variable)]
    assert f"({variable})" in parameter["Description"]
    bounds = {"AllowedPattern", "AllowedValues", "MinValue"}
    assert bounds & parameter.keys(), "nothing bounds its values"


@pytest.mark.parametrize("variable", SET_BY_PARAMETER)
def test_a_parameter_reaches_its_variable_as_it_is(variable):
    given = {parameter_of(variable): "a value"}
    assert environment(**given)[variable] == "a value"


def test_every_parameter_is_described_and_all_but_the_buckets_have_a_default():
    parameters = cfn.load()["Parameters"]
    assert [name for name, parameter in parameters.items() if not parameter.get("Description")] == []
    assert [name for name, parameter in parameters.items() if "Default" not in parameter] == ["Buckets"]


def test_every_parameter_is_in_a_group_once():
    groups = cfn.load()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(cfn.load()["Parameters"])


def test_defaults_are_empty_or_those_of_config():
    numbers = {name: str(default) for name, (default, _, _) in rust_source.numbers().items()}
    expected = {**TEXT_DEFAULTS, **numbers}
    for variable in SET_BY_PARAMETER:
        parameter = cfn.load()["Parameters"][parameter_of(variable)]
        assert variable == "BUCKETS" or parameter["Default"] == expected.get(variable, ""), variable


def test_numbers_have_the_range_of_config():
    numbers = rust_source.numbers()
    parameters = cfn.load()["Parameters"]
    of_type_number = {v for v in SET_BY_PARAMETER if parameters[parameter_of(v)]["Type"] == "Number"}
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
        ("SpanSize", "4294967296"),
        ("PregenerateBuckets", ""),
        ("PregenerateBuckets", ",".join(TEN)),
        ("PregeneratePrefix", "models/2024 é/"),
        ("AlarmTopicArn", "arn:aws-cn:sns:cn-north-1:123456789012:on-call"),
        ("VirtualHostDomain", "torrents.example.org"),
        ("BasePath", "files/v1"),
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
        ("Collections", "yes"),
        ("MaxCollectionObjects", "0"),
        ("MaxCollectionObjects", "100001"),
        ("InlineMaxObjects", "100001"),
        ("SpanSize", "4294967297"),
        ("JobConcurrency", "0"),
        ("JobConcurrency", "10001"),
        ("HashReservedConcurrency", "-2"),
        ("Jobs", "yes"),
        ("Tracker", "yes"),
        ("TrackerReservedConcurrency", "-2"),
        ("TrackerTableUnits", "0"),
        ("PregenerateBuckets", "data, more"),
        ("PregenerateBuckets", ",".join([*TEN, "eleven"])),
        ("PregeneratePrefix", 'models"/'),
        ("PregeneratePrefix", "models\\"),
        ("PregeneratePrefix", "models\n"),
        ("PregenerateMinSize", "8388607"),
        ("PregenerateMinSize", "5000000001"),
        ("AlarmTopicArn", "arn:aws:lambda:eu-central-1:123456789012:function:f"),
        ("VirtualHostDomain", "https://torrents.example.org"),
        ("BasePath", "files//v1"),
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


# The function


def test_the_function_runs_the_binary_on_al2023():
    api = function()
    assert (api["Runtime"], api["Handler"]) == ("provided.al2023", "bootstrap")
    assert api["Architectures"] == ["arm64"]
    assert api["TracingConfig"] == {"Mode": "Active"}
    assert api["LoggingConfig"] == {
        "LogGroup": "<FunctionLogGroup>",
        "LogFormat": "JSON",
        "ApplicationLogLevel": "TRACE",
        "SystemLogLevel": "INFO",
    }
    assert api["Role"] == "<FunctionRole.Arn>"
    assert cfn.load()["Resources"]["ApiFunction"]["Metadata"] == {
        "BuildMethod": "rust-cargolambda",
        "BuildProperties": {"Binary": "get-object-torrent"},
    }
    manifest = (cfn.ROOT / "Cargo.toml").read_text(encoding="utf-8")
    assert 'name = "get-object-torrent"' in manifest


def test_size_and_time_are_parameters():
    given = {"Architecture": "x86_64", "MemorySize": "256", "FunctionTimeout": "60"}
    api = function(**given)
    assert api["Architectures"] == ["x86_64"]
    assert (api["MemorySize"], api["Timeout"]) == ("256", "60")


@pytest.mark.parametrize(("given", "reserved"), [("-1", None), ("0", "0"), ("20", "20")])
def test_concurrency_is_reserved_on_request(given, reserved):
    assert function(ReservedConcurrency=given).get("ReservedConcurrentExecutions") == reserved


def test_the_default_time_budget_ends_before_the_function_and_the_api():
    chosen = cfn.values()
    assert int(chosen["TimeBudgetMs"]) < int(chosen["FunctionTimeout"]) * 1000 <= 29_000


def test_every_log_group_has_a_retention():
    resources = cfn.render(LogRetentionDays="7")["Resources"].values()
    groups = [r["Properties"] for r in resources if r["Type"] == "AWS::Logs::LogGroup"]
    assert [group["RetentionInDays"] for group in groups] == ["7"] * 5


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


def test_the_stage_throttles():
    stage = only(cfn.render(ThrottleRate="7", ThrottleBurst="9")["Resources"], "AWS::ApiGateway::Stage")
    (settings,) = stage["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == ("7", "9")


def test_execution_logs_and_traces_which_hold_queries_are_off():
    # A presigned URL in them would open its object to whoever may read logs.
    stage = only(cfn.render()["Resources"], "AWS::ApiGateway::Stage")
    (settings,) = stage["MethodSettings"]
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False
    assert stage["TracingEnabled"] is False


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


def test_a_page_can_read_the_answers_that_api_gateway_gives_itself():
    api = only(cfn.render()["Resources"], "AWS::ApiGateway::RestApi")
    answers = api["Body"]["x-amazon-apigateway-gateway-responses"]
    shapes = Loader().load_service_model("apigateway", "service-2")["shapes"]
    # A type without an answer of its own gets one of the two defaults.
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= answers.keys() <= set(shapes["GatewayResponseType"]["enum"])
    readable = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": rust_source.exposed_headers()}
    slow_down = {**readable, "Retry-After": "5", "x-amz-retry-after": "5000"}
    for name, answer in answers.items():
        wait = name in ("THROTTLED", "INTEGRATION_TIMEOUT")
        assert answer.get("statusCode") == ("503" if wait else None)
        expected = slow_down if wait else readable
        assert answer["responseParameters"] == {f"gatewayresponse.header.{k}": f"'{v}'" for k, v in expected.items()}


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
