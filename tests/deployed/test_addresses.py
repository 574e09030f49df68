"""The API by a domain of one's own, with and without base path and stage."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import clients
import pytest
from botocore.client import BaseClient
from deployment import Stack
from served import OPEN

DOMAINS = {"root": {"basePath": "(none)", "stage": "prod"}, "no-stage": {"basePath": "(none)"}}
DOMAINS |= {"base": {"basePath": "base", "stage": "prod"}, "base-no-stage": {"basePath": "base"}}
BEFORE = {"root": "", "no-stage": "/prod", "base": "/base", "base-no-stage": "/base/prod"}
# Some are named as what may stand before them, and some begin or end in a slash.
KEYS = ["a + b/é", "prod", f"{OPEN}/x", "base/prod/base", f"base/{OPEN}/key", "x//y", "/x", "100%2F"]


@pytest.fixture(scope="module")
def domains(stack: Stack) -> Iterator[None]:
    """A domain for each way that leads to the stack's API."""
    gateway = stack.emulator.client("apigateway")
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/local"
    [api, *_] = stack.outputs["Endpoint"].removeprefix("https://").split(".")
    for name, mapping in DOMAINS.items():
        domain = f"{name}.example.com"
        gateway.create_domain_name(domainName=domain, regionalCertificateArn=certificate)
        gateway.create_base_path_mapping(domainName=domain, restApiId=api, **mapping)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", DOMAINS)
def test_each_leads_to_the_object(
    domains: None, stack: Stack, s3: BaseClient, folder: Path, name: str, key: str
) -> None:
    s3.put_object(Bucket=OPEN, Key=key, Body=key.encode())
    url = clients.torrent_url(f"http://{name}.example.com{BEFORE[name]}", OPEN, key)
    answer = clients.curl(url, folder, "--connect-to", f"::{stack.emulator.endpoint.removeprefix('http://')}")
    assert answer.status == 200, answer.body
    assert hashlib.sha1(key.encode()).digest() in answer.body
