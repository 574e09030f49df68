"""`make verify` against the emulated AWS: what it finds there, and that each of its lines can fail."""

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from botocore.client import BaseClient
from deployment import Package
from deployment import Stack as Deployed
from emulator import ROOT, Emulator
from faulty import OF_PATHS, OF_THE_API, OF_THE_TRACKER, Front, body
from served import PRIVATE, TORRENTS, everyone_may_read

from benches.nginx import Nginx
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.verify import __main__ as verify
from scripts.verify import opening, report
from scripts.verify.outcome import Check, Line, Verdict
from scripts.verify.stack import Settings, Stack

PUBLIC, CLOSED, UNSERVED = "verified-data", "verified-closed", "verified-unserved"
# S3 copies the parts of the object for a job, so it has more than one.
JOB_SIZE = 70 * 1024 * 1024
HTTP2 = "GET*HTTP/2"
# Of the emulator, not of the stack.
DIFFERENT = {
    # It answers HEAD with `Content-Length: 0`.
    "HEAD",
    # It puts a request ID of its own into every answer.
    "request ID of an error document",
    # It does not judge presigned URLs.
    "presigned URL with another signature",
    # It sends the whole of an old version for a range.
    "versionId",
}
NOT_TRIED = {
    # It has no TLS and no throttling, and it knows every method.
    "GET without Accept, HTTP/2",
    "GET with Accept: */*, HTTP/2",
    "throttled requests",
    "CORS on an answer by API Gateway itself",
}
FAULTS = {**OF_THE_API, **OF_PATHS, **{f"tracker: {name}": fault for name, fault in OF_THE_TRACKER.items()}}


@pytest.fixture(scope="module")
def deployed(emulator: Emulator, package: Package, s3: BaseClient) -> Deployed:
    """A stack whose web seeds can be reached."""
    for bucket in (PUBLIC, CLOSED, UNSERVED):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=PUBLIC, VersioningConfiguration={"Status": "Enabled"})
    everyone_may_read(s3, PUBLIC)
    stack = Deployed(emulator, package, "verified")
    seeds = f"{emulator.endpoint}/{{bucket}}/{{key}}"
    stack.deploy(Buckets=f"{PUBLIC},{CLOSED}", Tracker="true", WebSeeds=seeds, InlineMaxSize=str(JOB_SIZE // 2))
    return stack


@pytest.fixture(scope="module", autouse=True)
def _account(emulator: Emulator) -> Iterator[None]:
    """The operator's credentials, where boto3 finds them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"AWS_ENDPOINT_URL": emulator.endpoint, **ROOT.environment()}.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def fronts(deployed: Deployed) -> Iterator[tuple[Front, Front]]:
    """Servers before the API and before the tracker."""
    with contextlib.ExitStack() as owner:
        yield Front(owner, deployed.endpoint), Front(owner, deployed.tracker.removesuffix("/announce"))


@pytest.fixture(scope="module")
def verified(fronts: tuple[Front, Front]) -> Iterator[Stack]:
    """The stack behind those servers, to make single checks of it."""
    api, tracker = fronts
    settings = Settings(api.endpoint, PUBLIC, "faults/", JOB_SIZE // 2 + 1, 20, f"{tracker.endpoint}/announce")
    objects = opening.objects(settings)
    stack = opening.stack(settings, objects)
    assert stack.torrent
    yield stack
    assert objects.remove() == []


def checks(patterns: tuple[str, ...]) -> list[Check]:
    found = [check for check in verify.CHECKS if any(fnmatchcase(check.title, pattern) for pattern in patterns)]
    assert len(found) >= len(patterns)
    return found


def lines(stack: Stack, patterns: tuple[str, ...]) -> list[Line]:
    return [check.made(stack) for check in checks(patterns)]


def keys(s3: BaseClient, bucket: str = PUBLIC) -> list[str]:
    """All that lies in the bucket, old versions too."""
    page = s3.list_object_versions(Bucket=bucket)
    return [entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, [])]


def test_the_emulated_aws_does_what_the_docs_promise(
    deployed: Deployed, s3: BaseClient, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--prefix=whole/", f"--tracker={deployed.tracker}", f"--job-size={JOB_SIZE}", "--burst=20"]
    status = verify.main([deployed.endpoint, PUBLIC, *options])
    printed = capsys.readouterr().out
    print(printed)
    titles = {verdict: set(re.findall(f"^(.*?): {verdict}", printed, re.MULTILINE)) for verdict in Verdict}
    assert titles[Verdict.DIFFERS] == DIFFERENT
    assert titles[Verdict.NOT_TRIED] == NOT_TRIED
    assert len(titles[Verdict.AS_PROMISED]) == len(verify.CHECKS) - len(DIFFERENT | NOT_TRIED)
    assert status == verify.DIFFERENT
    assert [key for key in keys(s3) if "whole" in key] == []
    written = report.PATH.read_text(encoding="utf-8")
    assert written.count(": as promised") == len(titles[Verdict.AS_PROMISED])
    assert not [name for name in (PUBLIC, deployed.endpoint, "whole/", ROOT.access_key) if name in written]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told(name: str, verified: Stack, fronts: tuple[Front, Front]) -> None:
    fault, patterns = FAULTS[name]
    with fronts[name.startswith("tracker")].spoiled(fault):
        found = lines(verified, patterns)
    assert [str(line) for line in found if line.verdict != Verdict.DIFFERS] == []


def test_every_line_is_seen_to_fail() -> None:
    patterns = [HTTP2, *(pattern for _, patterns in FAULTS.values() for pattern in patterns)]
    titles = [check.title for check in verify.CHECKS]
    assert [title for title in titles if not any(fnmatchcase(title, pattern) for pattern in patterns)] == []


def test_http_2_is_tried_where_there_is_tls(
    verified: Stack, fronts: tuple[Front, Front], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [port] = free_ports(1)
    forwarding = f"""
      server {{
        listen {LOOPBACK}:{port} ssl http2;
        ssl_certificate certificate.pem;
        ssl_certificate_key key.pem;
        location / {{ proxy_pass {fronts[0].endpoint}; }}
      }}
    """
    with contextlib.ExitStack() as owner:
        monkeypatch.setenv("CURL_CA_BUNDLE", str(Nginx(owner, folder, forwarding).certificate))
        secure = replace(verified, settings=replace(verified.settings, endpoint=f"https://{LOOPBACK}:{port}"))
        assert [line.verdict for line in lines(secure, (HTTP2,))] == [Verdict.AS_PROMISED] * 2
        with fronts[0].spoiled(body(lambda answer: answer[:-1])):
            assert [line.verdict for line in lines(secure, (HTTP2,))] == [Verdict.DIFFERS] * 2


REFUSALS: dict[str, dict[str, str]] = {
    "should be the stack's output Endpoint": {"endpoint": "example.org"},
    "should be a bucket that the stack serves": {"bucket": "No_Bucket"},
    "BURST is 'many', and should be a number up to 2000": {"more": "--burst=many"},
    "WITHOUT names everything, and may name part-checksums and collections": {"more": "--without=everything"},
    "there are no AWS credentials": {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    "you cannot put an object into s3://verified-data/": {"AWS_ACCESS_KEY_ID": "ANOTHERKEY"},
    "there is no bucket verified-absent": {"bucket": "verified-absent"},
    f"does not serve {UNSERVED}: it is not one of `Buckets`": {"bucket": UNSERVED},
    "nobody may read s3://verified-closed/": {"bucket": CLOSED},
    "http://127.0.0.1:1 cannot be reached": {"endpoint": "http://127.0.0.1:1"},
    "does not answer as get-object-torrent": {"endpoint": "{emulator}"},
}


@pytest.mark.parametrize(("message", "change"), REFUSALS.items())
def test_what_cannot_be_verified_is_refused(
    message: str,
    change: dict[str, str],
    deployed: Deployed,
    s3: BaseClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {"endpoint": deployed.endpoint, "bucket": PUBLIC, **change}
    for name in [name for name in given if name.startswith("AWS")]:
        monkeypatch.setenv(name, given[name])
    endpoint = given["endpoint"].replace("{emulator}", deployed.emulator.endpoint)
    more = [given["more"]] if "more" in given else []
    assert verify.main([endpoint, given["bucket"], *more]) == verify.REFUSED
    assert message in capsys.readouterr().err
    assert [key for key in keys(s3) if key.startswith("get-object-torrent-verify")] == []


def test_an_interrupted_run_removes_its_objects(deployed: Deployed, s3: BaseClient) -> None:
    command = [sys.executable, "-m", "scripts.verify", deployed.endpoint, PUBLIC, "--prefix=interrupted/"]
    with subprocess.Popen(command, cwd=verify.report.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout.readline()
        assert [key for key in keys(s3) if key.startswith("interrupted/")] != []
        run.send_signal(signal.SIGINT)
        _, told = run.communicate()
    assert (run.returncode, told) == (verify.INTERRUPTED, b"get-object-torrent: interrupted\n")
    assert [key for key in keys(s3) if key.startswith("interrupted/")] == []


def test_what_cannot_be_removed_is_named(
    deployed: Deployed, s3: BaseClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "CHECKS", verify.CHECKS[:1])
    keeper = deployed.emulator.user("keeper", ["s3:Get*", "s3:List*", "s3:Put*"])
    for name, value in keeper.environment().items():
        monkeypatch.setenv(name, value)
    assert verify.main([deployed.endpoint, PUBLIC, "--prefix=kept/"]) == 0
    assert f"could not be removed: objects below s3://{PUBLIC}/kept/" in capsys.readouterr().err


def test_a_private_stack_gets_signatures_and_keeps_no_torrents(
    private: Deployed, s3: BaseClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patterns = ("GET without Accept, HTTP/1.1", "boto3*", "the second*", "key with signs", "CORS on an *", "web seeds")
    monkeypatch.setattr(verify, "CHECKS", checks(patterns))
    assert verify.main([private.endpoint, PRIVATE, "--prefix=signed/", f"--sidecar-bucket={TORRENTS}"]) == 1
    verdicts = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()[:-1]]
    right = Verdict.AS_PROMISED
    # The emulator has no web seeds of S3's own names.
    assert verdicts == [right, Verdict.NOT_TRIED, right, Verdict.DIFFERS, right, right]
    assert not [key for bucket in (PRIVATE, TORRENTS) for key in keys(s3, bucket) if "signed/" in key]
