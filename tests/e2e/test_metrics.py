"""The metrics in the log of the built function: where there is a log group, whatever RUST_LOG says."""

import json
from pathlib import Path

import clients
from functions import Functions
from store import OPEN, Store, random_bytes

from scripts.stack.function import NAME

BODY = random_bytes(300_000, seed=3)


def test_each_request_has_its_line_though_the_log_is_off(functions: Functions, store: Store, folder: Path) -> None:
    key = store.put("file", BODY)
    function = functions.start(AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/torrents", RUST_LOG="off")
    for _ in range(2):
        assert clients.curl(clients.torrent_url(function.endpoint, OPEN, key), folder).status == 200
    log = function.log.read_text(encoding="utf-8")
    # The first request was the preflight that shows that the function is ready.
    _, *lines = map(json.loads, log.splitlines())
    assert [(line["Origin"], line["BytesRead"]) for line in lines] == [("object", len(BODY)), ("sidecar", 0)]
    for line in lines:
        named = [metric["Name"] for of in line["_aws"]["CloudWatchMetrics"] for metric in of["Metrics"]]
        assert set(named) <= line.keys()
        assert (line["FunctionName"], line["Status"], line["Errors"]) == (NAME, "2xx", 0)
    assert key not in log
