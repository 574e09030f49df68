"""What `make verify` cannot ask the API: too many requests, and callers without rights."""

from pathlib import Path

import clients
from botocore.client import BaseClient
from deployment import Stack
from served import EVERYTHING, OPEN, PRIVATE, signed

from scripts.stack import metainfo
from scripts.stack.seaweedfs import Credentials


def test_throttled_requests_get_a_503_that_pages_may_read(stack: Stack, folder: Path) -> None:
    api, _, _ = stack.outputs["Endpoint"].removeprefix("https://").partition(".")
    gateway = stack.emulator.client("apigateway")

    def limit(rate: str, burst: str) -> None:
        values = {"rateLimit": rate, "burstLimit": burst}
        patches = [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": values[name]} for name in values]
        gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patches)

    limit("0", "0")
    answer = clients.curl(clients.torrent_url(stack.endpoint, OPEN, "any"), folder)
    limit(EVERYTHING["ThrottleRate"], "100")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (503, "*")
    assert (answer.headers["retry-after"], answer.headers["x-amz-retry-after"]) == ("5", "5000")


def test_with_aws_iam_a_right_to_invoke_is_needed_and_enough(private: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=PRIVATE, Key="secret", Body=b"content")
    url = clients.torrent_url(private.endpoint, PRIVATE, "secret", "torrent=")
    nobody = private.emulator.user("nobody", ["s3:GetObject"])
    wrong = Credentials(nobody.access_key, "wrong")
    for options in ([], signed(wrong), signed(nobody)):
        answer = clients.curl(url, folder, *options)
        assert (answer.status, b"announce" in answer.body) == (403, False), options
    assert clients.curl(url, folder).headers["access-control-allow-origin"] == "*"
    assert clients.curl(url, folder, "--request", "OPTIONS").status == 204
    answer = clients.curl(url, folder, *signed(private.emulator.user("reader", ["execute-api:Invoke"])))
    assert (answer.status, metainfo.read(answer.body).name) == (200, "secret")
