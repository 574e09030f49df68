"""The API with AWS_IAM: it takes nothing but preflights of anyone who may not call it."""

from pathlib import Path

import clients
from botocore.client import BaseClient
from deployment import Stack
from served import PRIVATE, signed

from scripts.stack import metainfo
from scripts.stack.seaweedfs import Credentials


def test_a_right_to_invoke_is_needed_and_enough(private: Stack, s3: BaseClient, folder: Path) -> None:
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
