"""What `make verify` cannot ask the API: too many requests, private objects, the addresses in a torrent."""

from pathlib import Path
from urllib.parse import quote

import clients
from botocore.client import BaseClient
from deployment import Stack
from served import EVERYTHING, OPEN, PRIVATE, ask, signed

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


def test_an_object_has_the_web_seeds_of_s3_and_the_stacks_tracker(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=OPEN, Key="a + b", Body=b"content")
    contents = metainfo.read(ask(stack, folder, "a + b").body)
    virtual = f"https://{OPEN}.s3.us-east-1.amazonaws.com/a%20%2B%20b"
    assert contents.web_seeds == (virtual, f"https://s3.dualstack.us-east-1.amazonaws.com/{OPEN}/a%20%2B%20b")
    assert contents.trackers[0] == stack.outputs["TrackerUrl"]


def test_a_presigned_url_opens_a_private_object(stack: Stack, s3: BaseClient, folder: Path) -> None:
    s3.put_object(Bucket=PRIVATE, Key="a + b", Body=b"content")
    assert ask(stack, folder, "a + b", PRIVATE).status == 403
    url = s3.generate_presigned_url("get_object", Params={"Bucket": PRIVATE, "Key": "a + b"})
    answer = ask(stack, folder, "a + b", PRIVATE, f"torrent&presigned={quote(url, safe='')}")
    assert (answer.status, metainfo.read(answer.body).name) == (200, "a + b")


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
