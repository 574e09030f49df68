"""docs/PUBLISHING.md, README.md and `make web`: what they tell people to do works."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import clients
import publishing
import pytest
from downloads import Transmission
from functions import Functions
from published import BUCKET, Published
from store import OPEN, PRIVATE, random_bytes

from scripts import web
from scripts.stack import tools
from scripts.stack.errors import StackError
from scripts.stack.tools import ROOT


def test_the_commands_of_the_docs_publish_a_file(published: Published, folder: Path) -> None:
    (folder / "policy.json").write_text(publishing.policy(BUCKET), encoding="utf-8")
    (folder / "cors.json").write_text(json.dumps(publishing.cors_rule()), encoding="utf-8")
    (folder / "file.bin").write_bytes(random_bytes(600_000))
    (folder / "set" / "v1").mkdir(parents=True)
    (folder / "set" / "v1" / "it's 1.bin").write_bytes(random_bytes(600_000))
    published.client.delete_bucket_policy(Bucket=BUCKET)
    published.client.delete_bucket_cors(Bucket=BUCKET)

    key, names = "set/v1/it's 1.bin", {"BUCKET": BUCKET, "FILE": "file.bin", "FOLDER": "set", "ACCOUNT": "123456789012"}
    values = {"s3://BUCKET/KEY": shlex.quote(f"s3://{BUCKET}/{key}"), "KEY": quote(key), **names}
    values["ENDPOINT"] = published.endpoint()
    commands = [re.sub("|".join(values), lambda found: values[found[0]], line) for line in publishing.commands()]
    [upload, classic, unblock, policy, unblock_all, cors, sync] = [c for c in commands if c.startswith("aws ")]
    [fetch] = [command for command in commands if command.startswith("curl ")]
    [aria2] = [command for command in commands if command.startswith("aria2c ")]
    # SeaweedFS blocks nothing, and has no accounts; the CLI knows the commands, and sends them.
    with pytest.raises(AssertionError, match=r"\(NotImplemented\) when calling the PutPublicAccessBlock"):
        published.run(unblock, folder)
    with pytest.raises(AssertionError, match=r"Could not connect .*/configuration/publicAccessBlock"):
        published.run(unblock_all, folder)
    for command in (classic, upload, policy, cors, fetch, sync):
        published.run(command, folder)
    torrent = (folder / "file.bin.torrent").read_bytes()
    assert torrent.startswith(b"d10:created by")
    static = f"{published.server.endpoint}/{BUCKET}/{quote(key)}.torrent"
    assert clients.curl(static, folder).body == torrent, "the copy, after a sync"
    published.run(f"{aria2} --seed-time=0 --enable-dht=false --dir=downloaded", folder)
    assert (folder / "downloaded" / "it's 1.bin").read_bytes() == (folder / "file.bin").read_bytes()
    [rule] = published.client.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert rule == publishing.cors_rule()["CORSRules"][0] | {"MaxAgeSeconds": 0}


def test_one_command_makes_an_always_on_client_seed_every_object(published: Published, folder: Path) -> None:
    [command] = [command for command in publishing.commands() if command.startswith("scripts/seed.sh ")]
    bodies = {"a b/é+1 %2F'\"#?&.bin": random_bytes(600_000), "v1/x.bin": b"one", "v2/x.bin": b"another", "empty": b""}
    for name, body in bodies.items():
        published.put(f"seeded/{name}", body)
    with contextlib.ExitStack() as owner:
        seeder = Transmission(owner, folder)
        values = {"BUCKET": BUCKET, "FOLDER": str(folder), "SEEDER:9091": f"127.0.0.1:{seeder.port}"}
        values["ENDPOINT"] = published.endpoint(MAX_OBJECT_SIZE="600000")
        seed = "PREFIX=seeded/ " + re.sub("|".join(values), lambda found: values[found[0]], command)
        published.run(seed)
        seeder.wait_for(3)
        assert sorted(file.read_bytes() for file in folder.glob("*/*.bin")) == sorted(bodies.values())[1:]
        # Now the copies of the torrents are there, too.
        published.run(seed)
        published.put("seeded/large.bin", random_bytes(600_001))
        with pytest.raises(AssertionError, match=r"not added: seeded/large.bin \(.*larger than 600000\)"):
            published.run(seed)
        seeder.wait_for(3)


def test_the_commands_of_the_readme_need_an_account_for_private_objects_only(
    published: Published, functions: Functions, folder: Path
) -> None:
    (folder / "weights.safetensors").write_bytes(random_bytes(600_000))
    [upload, by_cli, by_presigned_url], python = publishing.readme(functions.start().endpoint)
    published.run(upload, folder)
    published.client.copy_object(Bucket=PRIVATE, Key="models/new.bin", CopySource=f"{OPEN}/models/weights.safetensors")
    published.run(by_presigned_url, folder)
    assert b"4:name7:new.bin" in (folder / "new.torrent").read_bytes()

    for program in (["sh", "-c", by_cli], [sys.executable, "-c", python]):
        env = tools.environment(PATH=f"{tools.pinned('aws').parent}:{os.environ['PATH']}")
        ran = subprocess.run(program, env=dict(env), cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    assert b"4:name19:weights.safetensors" in (folder / "weights.torrent").read_bytes()


def test_what_a_page_cannot_be_made_of_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads((ROOT / "web" / "cors.json").read_text(encoding="utf-8")) == publishing.cors_rule()
    for endpoint in ("", "example.com/prod", "http://example.com/prod", "https://", "https://example.com/?a"):
        with pytest.raises(StackError, match="ENDPOINT is"):
            web.assemble(folder / "web", endpoint)
    assert not (folder / "web").exists()
    (folder / "webtorrent-3.0.21.tgz").write_bytes(b"another")
    monkeypatch.setattr(web, "CACHE", folder)
    with pytest.raises(StackError, match="it was not used"):
        web.assemble(folder / "web", "https://example.com/prod")
    assert list(folder.iterdir()) == []
