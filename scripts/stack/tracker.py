"""The tracker on 127.0.0.1 and ::1, without AWS: the built function behind a Function URL, and moto's DynamoDB."""

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.stack import function, gateways, http, temporary, tools
from scripts.stack.function import TRACKER_NAME
from scripts.stack.lambda_service import LambdaService
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import REGION, ROLE

TABLE = "peers"
READY_SECONDS = 60.0
PROCESSES = 2
# As in template.yaml.
KEYS = {"torrent": "HASH", "peer": "RANGE"}


class Tracker:
    """A running tracker."""

    def __init__(self, owner: contextlib.ExitStack, binary: Path, processes: int = PROCESSES, **variables: str) -> None:
        self.table = _Moto(owner)
        self.client = ROLE.client(self.table.endpoint, "dynamodb")
        self.client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "B"} for name in KEYS],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEYS.items()],
        )
        self.service = service = LambdaService(owner, gateways.function_url, dual_stack=True)
        self.url = f"{service.endpoint}/announce"
        self.ipv6_url = self.url.replace(LOOPBACK, "[::1]")
        self.log = temporary.folder(owner, "tracker") / "log"
        account = {"AWS_REGION": REGION, "AWS_ENDPOINT_URL_DYNAMODB": self.table.endpoint, **ROLE.environment()}
        env = tools.environment(TRACKER_TABLE=TABLE, **account, **variables)
        self.processes = [
            function.start(owner, TRACKER_NAME, binary, env, service.runtime_api(), self.log) for _ in range(processes)
        ]

    @property
    def variables(self) -> Mapping[str, str]:
        """What the other functions are told of it."""
        return {"TRACKER_URL": self.url, "TRACKER_TABLE": TABLE, "AWS_ENDPOINT_URL_DYNAMODB": self.table.endpoint}


class _Moto:
    """A running moto. What it knows goes with it."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        [port] = free_ports(1)
        self.endpoint = f"http://{LOOPBACK}:{port}"
        # It has a line for each request.
        self.log = temporary.folder(owner, "dynamodb") / "log"
        command = [sys.executable, "-m", "moto.server", "--host", LOOPBACK, "--port", str(port)]
        env = tools.environment()
        self.process = Process(owner, "moto", command, log=self.log, env=env, grace_seconds=0)
        self.process.wait_until(lambda: http.accepts(port), READY_SECONDS)
