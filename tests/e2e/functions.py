"""The built function, once for each configuration."""

import contextlib
from pathlib import Path

from store import ABSENT, LISTED, OPEN, PRIVATE, READER, SEED_HOSTS, VERSIONED

from scripts.stack import function
from scripts.stack.function import Function
from scripts.stack.gateways import Gateway, rest_api
from scripts.stack.seaweedfs import ADMIN, ROLE, Credentials, SeaweedFS
from scripts.stack.test_s3 import ROLE as TEST_S3_ROLE
from scripts.stack.test_s3 import Server

SERVED = (OPEN, LISTED, PRIVATE, VERSIONED, ABSENT)
_KEYS = (ADMIN.secret_key, ROLE.secret_key, TEST_S3_ROLE.secret_key, TEST_S3_ROLE.session_token)
SECRETS = (*_KEYS, READER.access_key, "Authorization", "Signature", "X-Amz-Security-Token", "X-Amz-Credential")


class Functions:
    """Starts functions, and keeps them for the next test that asks for the same."""

    def __init__(self, owner: contextlib.ExitStack, binary: Path, server: SeaweedFS | Server) -> None:
        self._owner = owner
        self._binary = binary
        self._server = server
        self._running: dict[tuple[object, ...], Function] = {}
        self._seen: dict[Path, int] = {}

    def start(self, credentials: Credentials | None = ROLE, gateway: Gateway = rest_api, **variables: str) -> Function:
        """The function with `variables` behind `gateway`; without `credentials` it caches nothing."""
        key = (credentials, gateway, *sorted(variables.items()))
        if key not in self._running:
            env = self.environment(credentials, **variables)
            self._running[key] = function.built(self._owner, self._binary, env, gateway)
        return self._running[key]

    def environment(self, credentials: Credentials | None = ROLE, **variables: str) -> dict[str, str]:
        """What `start` gives the function: all the test buckets, and web seeds at the S3 server."""
        seeds = [f"http://{host}:{self._server.port}/{{bucket}}/{{key}}" for host in SEED_HOSTS]
        defaults = {"BUCKETS": ",".join(SERVED), "WEB_SEEDS": ",".join(seeds)}
        return dict(function.settings(self._server.endpoint, credentials, {**defaults, **variables}))

    def news(self) -> str:
        """What the functions have logged since this was last asked."""
        news = []
        for running in self._running.values():
            log = running.log.read_bytes()
            news.append(log[self._seen.get(running.log, 0) :].decode(errors="replace"))
            self._seen[running.log] = len(log)
        return "".join(news)

    def check_logs(self) -> None:
        """No function has written what nobody may read."""
        for running in self._running.values():
            log = running.log.read_text(encoding="utf-8", errors="replace")
            for secret in SECRETS:
                assert secret.lower() not in log.lower(), f"{secret} is in a function's log"
