"""What SeaweedFS itself has counted of its S3 requests, by bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.stack import http
from scripts.stack.errors import StackError
from scripts.stack.seaweedfs import SeaweedFS

SAMPLE = re.compile(r"^SeaweedFS_s3_request_total\{(.*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Counts:
    """The requests for one bucket since the server's start, by method and status."""

    requests: Mapping[tuple[str, int], int]


def of_bucket(server: SeaweedFS, bucket: str) -> Counts:
    """The counts at this moment."""
    text = http.body(server.metrics)
    if text is None:
        raise StackError(f"SeaweedFS reports no metrics at {server.metrics}")
    samples = ((dict(LABEL.findall(labels)), value) for labels, value in SAMPLE.findall(text.decode()))
    return Counts(
        {
            (label["type"], int(label["code"])): round(float(value))
            for label, value in samples
            if label.get("bucket") == bucket
        }
    )
