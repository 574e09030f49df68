"""The metrics in the log of the built function: where there is a log group, whatever RUST_LOG says."""

import json
from pathlib import Path

import clients
from functions import Functions
from store import OPEN, Store, random_bytes

from scripts.stack.function import NAME, Function

BODY = random_bytes(300_000, seed=3)

ON_LAMBDA = {"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/torrents", "RUST_LOG": "off"}


def ask_twice(function: Function, key: str, folder: Path) -> list[dict]:
    """What the function writes meanwhile."""
    before = len(function.log.read_text(encoding="utf-8").splitlines())
    for _ in range(2):
        assert clients.curl(clients.torrent_url(function.endpoint, OPEN, key), folder).status == 200
    return [json.loads(line) for line in function.log.read_text(encoding="utf-8").splitlines()[before:]]


def test_each_request_has_its_line_though_the_log_is_off(functions: Functions, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    lines = ask_twice(functions.start(**ON_LAMBDA), key, folder)
    assert [(line["Origin"], line["BytesRead"]) for line in lines] == [("object", len(BODY)), ("sidecar", 0)]
    for line in lines:
        named = [metric["Name"] for of in line["_aws"]["CloudWatchMetrics"] for metric in of["Metrics"]]
        assert set(named) <= line.keys()
        assert (line["FunctionName"], line["Status"], line["Errors"]) == (NAME, "2xx", 0)
        assert key not in json.dumps(line)


def test_without_a_log_group_there_are_none(functions: Functions, store: Store, folder: Path) -> None:
    lines = ask_twice(functions.start(), store.put("file", BODY), folder)
    assert [line["message"] for line in lines] == ["request", "request"]
