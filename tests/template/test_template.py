"""The template's parameters and variables against the contract, and the API that it makes."""

import json
import re

import pages
import pytest
from botocore.loaders import Loader

from scripts import cloudformation as cfn
from scripts import docs

# What may stand in the access log: nothing from the query string, the headers or an identity.
LOGGED = re.compile(
    r"\$context\.(extendedRequestId|httpMethod|identity\.sourceIp|integration\.error|integration\.status|"
    r"integrationLatency|path|requestId|requestTime|resourcePath|responseLatency|responseLength|status)"
)
ENDPOINT = "https://<Api>.execute-api.eu-central-1.amazonaws.com/<ApiprodStage>"
PARAMETERS = cfn.load()["Parameters"]
VARIABLES = {one["name"]: one for one in docs.contract()["variables"]}
SET_BY_PARAMETER = [name for name in VARIABLES if docs.parameter(name) in PARAMETERS]
# The state machine and the tracker are the template's own.
OWN = {"JOB_STATE_MACHINE_ARN", "TRACKER_URL", "TRACKER_TABLE"}
FUNCTIONS = ("ApiFunction", "JobFunction", "HashFunction")
MOST_PARAMETERS = 25


def only(resources, kind):
    """The one resource of a type."""
    (found,) = [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]
    return found


def function(name="ApiFunction", **given):
    return cfn.render(**given)["Resources"][name]["Properties"]


def environment(name="ApiFunction", **given):
    return function(name, **given)["Environment"]["Variables"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_gets_the_variables_that_its_program_reads(name):
    found = environment(name)
    program = "get-object-torrent" if name == "ApiFunction" else "torrent-job"
    assert found.keys() == {variable for variable, one in VARIABLES.items() if program in one["programs"]}
    assert found == {**environment(), "JOB_STATE_MACHINE_ARN": found["JOB_STATE_MACHINE_ARN"]}
    assert found["JOB_STATE_MACHINE_ARN"] == ("<JobStateMachine>" if name == "ApiFunction" else "")
    assert environment(Jobs="false")["JOB_STATE_MACHINE_ARN"] == ""


def test_the_tracker_gets_the_variables_that_its_program_reads():
    found = environment("TrackerFunction", Tracker="true")
    assert found.keys() == {variable for variable, one in VARIABLES.items() if "torrent-tracker" in one["programs"]}
    assert found["TRACKER_TABLE"] == environment(Tracker="true")["TRACKER_TABLE"] == "<TrackerTable>"
    assert environment("TrackerFunction", Tracker="true", EnoughSpeed="7")["ENOUGH_SPEED"] == "7"
    assert environment(Tracker="true")["TRACKER_URL"] == "<TrackerFunctionUrl.FunctionUrl>announce"


@pytest.mark.parametrize("variable", SET_BY_PARAMETER)
def test_a_parameter_has_the_values_of_its_variable(variable):
    name, known = docs.parameter(variable), VARIABLES[variable]
    parameter = PARAMETERS[name]
    assert environment(**{name: "a value"})[variable] == "a value"
    assert f"({variable})" in parameter["Description"]
    assert parameter.get("Default", "") == str(known["default"])
    assert (parameter.get("MinValue"), parameter.get("MaxValue")) == (known["min"], known["max"])
    assert parameter.get("AllowedValues", []) == known["choices"]
    assert "AllowedPattern" in parameter or known["type"] in ("number", "choice"), "nothing bounds its values"


def test_what_is_not_a_parameter_has_the_default_of_its_variable():
    for variable, value in environment(Jobs="false").items():
        if variable not in OWN | set(SET_BY_PARAMETER):
            assert value in ("", str(VARIABLES[variable]["default"])), variable
    assert environment()["SIDECAR_SUFFIX"] == VARIABLES["SIDECAR_SUFFIX"]["default"], "it may be empty"


def test_parameters_are_few_described_and_grouped_and_all_but_the_buckets_have_a_default():
    groups = cfn.load()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PARAMETERS)
    assert len(PARAMETERS) <= MOST_PARAMETERS
    assert all(parameter["Description"] for parameter in PARAMETERS.values())
    assert [name for name, parameter in PARAMETERS.items() if "Default" not in parameter] == ["Buckets"]
    assert cfn.parameter_faults() == cfn.rule_faults() == []


def test_every_parameter_is_in_the_docs():
    named = set(re.findall(r"`([A-Z]\w+)`", "".join(re.findall(r"^\| `.*", pages.text(), re.MULTILINE))))
    assert PARAMETERS.keys() - named - set(map(docs.parameter, VARIABLES)) == {"Architecture", "ApiAuthorizer"}


MANY = ",".join(f"bucket-{number}" for number in range(30))


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("Buckets", ["data", "a.b-c,data2,data3", MANY], ["", "*", "da*ta", "data,", "data, more", "data/secret"]),
        ("SidecarBucket", ["torrents"], ["*", "one,two"]),
        ("Trackers", ["udp://t.example:6969/announce,https://t.example/announce"], ["ftp://tracker.example"]),
        (
            "WebSeeds",
            ["none", "https://{bucket}.s3.{region}.{suffix}/{key}, https://cdn.example/{key}"],
            ["https://cdn.example/", "https://cdn.example/{key}?x=1"],
        ),
        ("ReservedConcurrency", ["-1", "0", "20", "20,100", "-1,100,10"], ["", "-2", "20,", "1,2,3,4", "many"]),
        ("PregenerateBuckets", ["", "data,more"], ["data, more", "x" * 1281]),
        ("PregeneratePrefix", ["models/2024 é/"], ['models"/', "models\\", "models\n"]),
        ("TrackerTableUnits", ["1"], ["0"]),
        ("EnoughSpeed", ["0", "1000000"], ["-1", "125000001"]),
        ("AlarmTopicArn", ["arn:aws-cn:sns:cn-north-1:123456789012:on-call"], ["arn:aws:lambda:r:123456789012:f"]),
        ("ApiAuthorizer", ["AWS_IAM"], ["none"]),
    ],
)
def test_a_parameter_takes_what_is_right_and_refuses_what_is_wrong(parameter, good, bad):
    assert [value for value in good if cfn.parameter_faults(**{parameter: value})] == []
    assert [value for value in bad if cfn.parameter_faults(**{parameter: value}) != [parameter]] == []


def test_only_a_tracker_measures_how_fast_peers_are():
    (fault,) = cfn.rule_faults(EnoughSpeed="1000000")
    assert "Tracker=true" in fault
    assert cfn.rule_faults(EnoughSpeed="1000000", Tracker="true") == []


def test_the_functions_role_is_not_lent_to_the_internet():
    (fault,) = cfn.rule_faults(Access="function-role")
    assert "ApiAuthorizer=AWS_IAM" in fault
    assert cfn.rule_faults(Access="function-role", ApiAuthorizer="AWS_IAM") == []


@pytest.mark.parametrize("name", [*FUNCTIONS, "BatchFunction", "TrackerFunction"])
def test_a_function_runs_a_program_of_this_package_and_logs_json_to_its_group(name):
    given = {"Architecture": "x86_64", "BatchBucket": "lists", "Tracker": "true"}
    found, written = function(name, **given), cfn.load()["Resources"][name]
    assert (found["Runtime"], found["Handler"], found["Architectures"]) == ("provided.al2023", "bootstrap", ["x86_64"])
    assert (found["LoggingConfig"]["LogFormat"], found["LoggingConfig"]["ApplicationLogLevel"]) == ("JSON", "TRACE")
    programs = {"ApiFunction": "get-object-torrent", "TrackerFunction": "torrent-tracker"}
    assert written["Metadata"]["BuildProperties"]["Binary"] == programs.get(name, "torrent-job")
    # SAM's builds of jobs are one where these are the same.
    assert written["Properties"]["CodeUri"] == "."
    assert not {"Runtime", "Architectures", "Handler"} & written["Properties"].keys()


@pytest.mark.parametrize("given", ["-1", "20", "20,100,10", "-1,0"])
def test_concurrency_is_reserved_for_requests_hashing_and_announces(given):
    numbers = [None if number == "-1" else number for number in f"{given},-1,-1".split(",")]
    for name, number in zip(["ApiFunction", "HashFunction", "TrackerFunction"], numbers, strict=False):
        found = function(name, ReservedConcurrency=given, Tracker="true")
        assert found.get("ReservedConcurrentExecutions") == number, name


def test_the_default_time_budget_ends_before_the_function_and_the_api():
    budget = VARIABLES["TIME_BUDGET_MS"]["default"]
    assert environment()["TIME_BUDGET_MS"] == ""
    assert budget + 4_000 <= function()["Timeout"] * 1000 <= 29_000


def test_every_log_group_has_a_retention():
    resources = cfn.render(LogRetentionDays="7", Tracker="true")["Resources"].values()
    groups = [r["Properties"] for r in resources if r["Type"] == "AWS::Logs::LogGroup"]
    assert [group["RetentionInDays"] for group in groups] == ["7"] * 6


def methods(**given):
    api = only(cfn.render(**given)["Resources"], "AWS::ApiGateway::RestApi")
    return {(path, name): method for path, item in api["Body"]["paths"].items() for name, method in item.items()}


def test_every_path_and_method_goes_to_the_function():
    found = methods()
    names = ("x-amazon-apigateway-any-method", "options")
    assert sorted(found) == sorted((path, name) for path in ("/", "/{proxy+}") for name in names)
    for method in found.values():
        assert method["x-amazon-apigateway-integration"]["type"] == "aws_proxy"
        assert "ApiFunction.Arn" in method["x-amazon-apigateway-integration"]["uri"]
        assert not method.get("security")


def test_aws_iam_closes_all_but_the_preflight_and_is_deployed_to_the_stage():
    for (_, name), method in methods(ApiAuthorizer="AWS_IAM").items():
        assert method.get("security", []) == ([] if name == "options" else [{"AWS_IAM": []}])
        # With credentials here, every caller would need rights on the function itself.
        assert "credentials" not in method["x-amazon-apigateway-integration"]
    # A stage serves a deployment, a snapshot: without a new one the API would stay as open as it was.
    stages = [only(cfn.render(ApiAuthorizer=one)["Resources"], "AWS::ApiGateway::Stage") for one in ("NONE", "AWS_IAM")]
    assert len({stage["DeploymentId"] for stage in stages}) == 2


def test_the_stage_passes_bytes_throttles_and_keeps_secrets_out_of_logs_and_traces():
    resources = cfn.render(ThrottleRate="7")["Resources"]
    body = only(resources, "AWS::ApiGateway::RestApi")["Body"]
    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    stage = only(resources, "AWS::ApiGateway::Stage")
    (settings,) = stage["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == ("7", 100)
    # A presigned URL in them would open its object to whoever may read logs.
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"], stage["TracingEnabled"]) == ("OFF", False, False)
    entry = json.loads(stage["AccessLogSetting"]["Format"])
    assert entry and all(LOGGED.fullmatch(value) for value in entry.values())


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
    exposed = ", ".join(docs.contract()["exposed_headers"])
    readable = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposed}
    slow_down = {**readable, "Retry-After": "5", "x-amz-retry-after": "5000"}
    for name, answer in answers.items():
        wait = name in ("THROTTLED", "INTEGRATION_TIMEOUT")
        assert answer.get("statusCode") == ("503" if wait else None)
        expected = slow_down if wait else readable
        assert answer["responseParameters"] == {f"gatewayresponse.header.{k}": f"'{v}'" for k, v in expected.items()}


def test_the_command_is_ready_to_paste():
    outputs = cfn.render(Buckets="one,two")["Outputs"]
    assert outputs["Endpoint"]["Value"] == ENDPOINT
    assert outputs["Command"]["Value"] == (
        f"aws s3api get-object-torrent --no-sign-request --endpoint-url {ENDPOINT} --bucket one --key KEY out.torrent"
    )
    signed = cfn.render(ApiAuthorizer="AWS_IAM")["Outputs"]["Command"]["Value"]
    assert signed.startswith("curl --fail --aws-sigv4 aws:amz:eu-central-1:execute-api --user")
    assert '${AWS_SESSION_TOKEN:+-H"x-amz-security-token: $AWS_SESSION_TOKEN"}' in signed
    assert signed.endswith(f'"{ENDPOINT}/data/KEY?torrent="')
