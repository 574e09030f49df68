"""What `make verify` does not ask the API: a bare client, too many requests, a private object, a domain."""

import hashlib
import socket
from pathlib import Path
from urllib.parse import quote

import clients
import pytest
from botocore.client import BaseClient
from deployment import Stack
from served import EVERYTHING, OPEN, PRIVATE, ask

from scripts.stack import metainfo

# By the domain's name: what leads from it to the API, and what stands before the bucket in a path.
DOMAINS = {
    "root": ({"basePath": "(none)", "stage": "prod"}, ""),
    "no-stage": ({"basePath": "(none)"}, "/prod"),
    "base": ({"basePath": "base", "stage": "prod"}, "/base"),
    "base-no-stage": ({"basePath": "base"}, "/base/prod"),
}
# Some are named as what may stand before them, and some begin or end in a slash.
KEYS = ["a + b/é", "prod", f"{OPEN}/x", "base/prod/base", f"base/{OPEN}/key", "x//y", "/x", "100%2F"]


def test_a_client_that_sends_no_more_than_it_must_gets_bytes(stack: Stack, s3: BaseClient) -> None:
    s3.put_object(Bucket=OPEN, Key="bare", Body=b"content")
    host, _, stage = stack.outputs["Endpoint"].removeprefix("https://").partition("/")
    address, _, port = stack.emulator.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((address, int(port))) as connection:
        lines = f"GET /{stage}/{OPEN}/bare?torrent HTTP/1.1", f"Host: {host}", "Connection: close", "", ""
        connection.sendall("\r\n".join(lines).encode())
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert metainfo.read(body).name == "bare"


def test_throttled_requests_get_a_503_that_pages_may_read(stack: Stack, folder: Path) -> None:
    api, _, _ = stack.outputs["Endpoint"].removeprefix("https://").partition(".")
    gateway = stack.emulator.client("apigateway")

    def limit(rate: str, burst: str) -> None:
        values = {"rateLimit": rate, "burstLimit": burst}
        patches = [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": values[name]} for name in values]
        gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patches)

    limit("0", "0")
    answer = clients.curl(clients.torrent_url(stack.endpoint, OPEN, "any"), folder)
    limit(EVERYTHING["ThrottleRate"], EVERYTHING["ThrottleBurst"])
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (503, "*")
    assert (answer.headers["retry-after"], answer.headers["x-amz-retry-after"]) == ("5", "5000")


def test_a_presigned_url_opens_a_private_object(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=PRIVATE, Key="a + b", Body=b"content")
    assert ask(stack, folder, "a + b", PRIVATE).status == 403
    url = s3.generate_presigned_url("get_object", Params={"Bucket": PRIVATE, "Key": "a + b"})
    answer = ask(stack, folder, "a + b", PRIVATE, f"torrent&presigned={quote(url, safe='')}")
    assert (answer.status, metainfo.read(answer.body).name) == (200, "a + b")


def test_an_object_has_the_web_seeds_of_s3_and_the_stacks_tracker(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="a + b", Body=b"content")
    contents = metainfo.read(ask(stack, folder, "a + b").body)
    virtual = f"https://{OPEN}.s3.us-east-1.amazonaws.com/a%20%2B%20b"
    assert contents.web_seeds == (virtual, f"https://s3.dualstack.us-east-1.amazonaws.com/{OPEN}/a%20%2B%20b")
    assert contents.trackers[0] == stack.outputs["TrackerUrl"]


@pytest.fixture(scope="module")
def domains(stack: Stack) -> None:
    gateway = stack.emulator.client("apigateway")
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/local"
    [api, *_] = stack.outputs["Endpoint"].removeprefix("https://").split(".")
    for name, (mapping, _) in DOMAINS.items():
        domain = f"{name}.example.com"
        gateway.create_domain_name(domainName=domain, regionalCertificateArn=certificate)
        gateway.create_base_path_mapping(domainName=domain, restApiId=api, **mapping)


@pytest.mark.parametrize("name", DOMAINS)
def test_a_domain_leads_to_each_object(domains: None, stack: Stack, s3: BaseClient, folder: Path, name: str) -> None:
    for key in KEYS:
        s3.put_object(Bucket=OPEN, Key=key, Body=key.encode())
        url = clients.torrent_url(f"http://{name}.example.com{DOMAINS[name][1]}", OPEN, key)
        answer = clients.curl(url, folder, "--connect-to", f"::{stack.emulator.endpoint.removeprefix('http://')}")
        assert hashlib.sha1(key.encode()).digest() in answer.body, (key, answer)
