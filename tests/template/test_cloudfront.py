"""examples/cloudfront.yaml: what makes its one URL a web seed that is enough."""

import json

from samcli.yamlhelper import yaml_parse

from scripts import cloudformation as cfn

TEMPLATE = yaml_parse((cfn.ROOT / "examples" / "cloudfront.yaml").read_text(encoding="utf-8"))
CONFIG = TEMPLATE["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
ERRORS = [500, 502, 503, 504]


def output(name):
    return TEMPLATE["Outputs"][name]["Value"]["Fn::Sub"]


def test_the_same_bucket_is_asked_again_after_an_error_that_may_pass():
    first, again = CONFIG["Origins"]
    assert {**first, "Id": "again"} == again
    [group] = CONFIG["OriginGroups"]["Items"]
    assert [member["OriginId"] for member in group["Members"]["Items"]] == [first["Id"], again["Id"]]
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == ERRORS
    assert CONFIG["DefaultCacheBehavior"]["TargetOriginId"] == group["Id"]
    assert CONFIG["CustomErrorResponses"] == [{"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in ERRORS]


def test_a_version_and_a_page_get_what_they_get_from_the_bucket():
    cache = TEMPLATE["Resources"]["CachePolicy"]["Properties"]["CachePolicyConfig"]
    forwarded = cache["ParametersInCacheKeyAndForwardedToOrigin"]
    assert forwarded["QueryStringsConfig"] == {"QueryStringBehavior": "whitelist", "QueryStrings": ["versionId"]}
    cors = TEMPLATE["Resources"]["Cors"]["Properties"]["ResponseHeadersPolicyConfig"]["CorsConfig"]
    [rule] = json.loads((cfn.ROOT / "web" / "cors.json").read_text(encoding="utf-8"))["CORSRules"]
    names = {"AllowedOrigins": "Origins", "AllowedMethods": "Methods", "AllowedHeaders": "Headers"}
    assert {name: cors[f"AccessControlAllow{own}"]["Items"] for name, own in names.items()} == rule


def test_the_outputs_fit_where_they_are_pasted():
    url = output("WebSeeds").replace("${Distribution.DomainName}", "d111111abcdef8.cloudfront.net")
    assert cfn.parameter_faults(WebSeeds=url) == []
    statement = json.loads(output("Statement"))
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Condition"]["StringEquals"]["AWS:SourceArn"].endswith(":distribution/${Distribution}")
