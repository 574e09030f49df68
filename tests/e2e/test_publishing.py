"""docs/PUBLISHING.md and `make web`: what they tell a publisher to do works."""

import json
import re
from pathlib import Path

import publishing
import pytest
from published import BUCKET, Published
from store import random_bytes

from scripts import web
from scripts.stack.errors import StackError
from scripts.stack.tools import ROOT


def test_the_commands_of_the_docs_publish_a_file(published: Published, folder: Path) -> None:
    (folder / "policy.json").write_text(publishing.policy(BUCKET), encoding="utf-8")
    (folder / "cors.json").write_text(json.dumps(publishing.cors_rule()), encoding="utf-8")
    (folder / "file.bin").write_bytes(random_bytes(600_000))
    published.client.delete_bucket_policy(Bucket=BUCKET)
    published.client.delete_bucket_cors(Bucket=BUCKET)

    values = {"BUCKET": BUCKET, "KEY": "file.bin", "ENDPOINT": published.endpoint()}
    commands = [re.sub("|".join(values), lambda found: values[found[0]], line) for line in publishing.commands()]
    [upload, unblock, policy, cors] = [command for command in commands if command.startswith("aws ")]
    [fetch] = [command for command in commands if command.startswith("curl ")]
    # SeaweedFS blocks nothing; the CLI knows the command, and sends it.
    with pytest.raises(AssertionError, match=r"\(NotImplemented\) when calling the PutPublicAccessBlock"):
        published.run(unblock, folder)
    for command in (upload, policy, cors, fetch):
        published.run(command, folder)
    assert (folder / "file.bin.torrent").read_bytes().startswith(b"d10:created by")
    [rule] = published.client.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert rule == publishing.cors_rule()["CORSRules"][0] | {"MaxAgeSeconds": 0}


def test_the_page_has_the_rule_of_the_docs() -> None:
    assert json.loads((ROOT / "web" / "cors.json").read_text(encoding="utf-8")) == publishing.cors_rule()


@pytest.mark.parametrize(
    "endpoint", ["", "example.com/prod", "http://example.com/prod", "https://", "https://example.com/?a", "ENDPOINT"]
)
def test_an_endpoint_that_no_page_can_ask_is_refused(endpoint: str, folder: Path) -> None:
    with pytest.raises(StackError, match="ENDPOINT is"):
        web.assemble(folder / "web", endpoint)
    assert not (folder / "web").exists()


def test_another_webtorrent_than_the_pinned_one_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "webtorrent-3.0.21.tgz").write_bytes(b"another")
    monkeypatch.setattr(web, "CACHE", folder)
    with pytest.raises(StackError, match="it was not used"):
        web.assemble(folder / "web", "https://example.com/prod")
    assert list(folder.iterdir()) == []
