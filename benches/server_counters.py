"""What SeaweedFS itself has counted of its S3 requests, by bucket: what was sent, whatever the function says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.stack import http
from scripts.stack.errors import StackError
from scripts.stack.seaweedfs import SeaweedFS

SENT = "SeaweedFS_s3_bucket_traffic_sent_bytes_total"
REQUESTS = "SeaweedFS_s3_request_total"
SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Counts:
    """Of one bucket, since the server's start."""

    bytes_sent: int
    # By method and status.
    requests: Mapping[tuple[str, int], int]

    def __sub__(self, before: "Counts") -> "Counts":
        """What came since then."""
        requests = {kind: count - before.requests.get(kind, 0) for kind, count in self.requests.items()}
        return Counts(self.bytes_sent - before.bytes_sent, requests)


def of_bucket(server: SeaweedFS, bucket: str) -> Counts:
    """At this moment."""
    text = http.body(server.metrics)
    if text is None:
        raise StackError(f"SeaweedFS reports no metrics at {server.metrics}")
    sent, requests = 0, {}
    for name, labels, value in SAMPLE.findall(text.decode()):
        label = dict(LABEL.findall(labels))
        if label.get("bucket") != bucket:
            continue
        if name == SENT:
            sent = round(float(value))
        elif name == REQUESTS:
            requests[label["type"], int(label["code"])] = round(float(value))
    return Counts(sent, requests)
