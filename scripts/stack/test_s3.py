"""The S3 of the Rust tests as a program: crates/test-s3.

It knows part checksums, which SeaweedFS does not; it has objects of any size that take no memory; and it can be as
slow as Amazon S3 is. It listens on 127.0.0.1, on a port of its own.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from botocore.client import BaseClient

from scripts.stack import temporary, tools
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import Credentials

READY_SECONDS = 60.0
LISTENING = "listening on "

# `Identity::role` in Rust: reads and writes all buckets.
ROLE = Credentials("FAKEROLE", "fake-role-secret", "fake-role-token")


class Server:
    """A running server, started from the program that `build.test_s3` built."""

    def __init__(
        self,
        owner: contextlib.ExitStack,
        binary: Path,
        *,
        latency_ms: int = 0,
        **options: Sequence[str],
    ) -> None:
        """`options` are those of the program, which may be repeated: `public=["data"], object=["data/key=5000"]`."""
        given = [(f"--{name}", value) for name, values in options.items() for value in values]
        arguments = [word for option in [*given, ("--latency-ms", str(latency_ms))] for word in option]
        self.credentials = ROLE
        self._log = temporary.folder(owner, "test-s3") / "log"
        self.process = Process(
            owner,
            "the test S3",
            [binary, *arguments],
            log=self._log,
            env=tools.environment(),
            # It has nothing to put in order.
            grace_seconds=0,
        )
        self.process.wait_until(self._is_ready, READY_SECONDS)
        self.endpoint = self._log.read_text(encoding="utf-8").removeprefix(LISTENING).strip()
        port = urlsplit(self.endpoint).port
        assert port is not None
        self.port = port

    def client(self) -> BaseClient:
        """boto3's client of this server."""
        return self.credentials.client(self.endpoint)

    def _is_ready(self) -> bool:
        text = self._log.read_text(encoding="utf-8")
        return text.startswith(LISTENING) and text.endswith("\n")
