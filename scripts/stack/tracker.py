"""The tracker on 127.0.0.1 and ::1, without AWS: the built function behind a Function URL, and moto's DynamoDB."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from scripts.stack import function, gateways, temporary, tools
from scripts.stack.function import TRACKER_NAME
from scripts.stack.lambda_service import LambdaService
from scripts.stack.moto import Moto
from scripts.stack.ports import LOOPBACK
from scripts.stack.seaweedfs import REGION, ROLE

TABLE = "peers"
PROCESSES = 2
# As in template.yaml.
KEYS = {"torrent": "HASH", "peer": "RANGE"}


class Tracker:
    """A running tracker."""

    def __init__(self, owner: contextlib.ExitStack, binary: Path, processes: int = PROCESSES, **variables: str) -> None:
        self.table = Moto(owner)
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
            function.start(owner, TRACKER_NAME, binary, env, service.runtime_api.address, self.log)
            for _ in range(processes)
        ]

    @property
    def variables(self) -> Mapping[str, str]:
        """What the other functions are told of it."""
        return {"TRACKER_URL": self.url, "TRACKER_TABLE": TABLE, "AWS_ENDPOINT_URL_DYNAMODB": self.table.endpoint}
