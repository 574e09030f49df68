"""Step Functions on 127.0.0.1: moto's interpreter runs the very file that is deployed.

docs/TESTING.md says where it differs from AWS.
"""

import contextlib
import sys
import uuid
from pathlib import Path

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from scripts.stack import http, temporary, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process
from scripts.stack.seaweedfs import REGION, Credentials

DEFINITION = tools.ROOT / "statemachine" / "torrent-job.asl.json"
ROLE_ARN = "arn:aws:iam::123456789012:role/torrent-job"
READY_SECONDS = 60.0
CONNECTIONS = 64
# Of the child's, in the definition.
THROTTLING_RETRIES = '"MaxAttempts": 10,'


class StepFunctions:
    """A running server, whose state machines invoke functions at `lambda_endpoint`, and read S3 with `credentials`."""

    def __init__(
        self, owner: contextlib.ExitStack, lambda_endpoint: str, s3_endpoint: str, credentials: Credentials
    ) -> None:
        [port] = free_ports(1)
        self.endpoint = f"http://{LOOPBACK}:{port}"
        self.log: Path = temporary.folder(owner, "step-functions") / "log"
        account = {"AWS_DEFAULT_REGION": REGION, **credentials.environment()}
        process = Process(
            owner,
            "moto",
            [sys.executable, "-m", "scripts.stack.moto_server", str(port), lambda_endpoint, s3_endpoint],
            log=self.log,
            env=tools.environment(MOTO_PORT=str(port), **account),
            cwd=tools.ROOT,
            # What it knows goes with it.
            grace_seconds=0,
        )
        process.wait_until(lambda: http.accepts(port), READY_SECONDS)
        self.client = self._client(credentials)

    def create(self, job_function_arn: str, hash_function_arn: str, throttling_retries: int | None = None) -> str:
        """A state machine as template.yaml makes it; returns its ARN.

        A test that waits for throttled calls to be given up may want fewer `throttling_retries` than are deployed.
        """
        definition = DEFINITION.read_text(encoding="utf-8")
        for placeholder, arn in {"JobFunctionArn": job_function_arn, "HashFunctionArn": hash_function_arn}.items():
            assert f'"${{{placeholder}}}"' in definition, f"{DEFINITION} has no {placeholder}"
            definition = definition.replace(f"${{{placeholder}}}", arn)
        # moto runs the children of a map itself, and knows no other kind.
        definition = definition.replace('"ExecutionType": "EXPRESS"', '"ExecutionType": "STANDARD"')
        if throttling_retries is not None:
            assert definition.count(THROTTLING_RETRIES) == 1, f"{DEFINITION} retries throttled calls otherwise"
            definition = definition.replace(THROTTLING_RETRIES, f'"MaxAttempts": {throttling_retries},')
        name = f"torrent-job-{uuid.uuid4().hex[:8]}"
        created = self.client.create_state_machine(name=name, definition=definition, roleArn=ROLE_ARN, type="STANDARD")
        return created["stateMachineArn"]

    def _client(self, credentials: Credentials) -> BaseClient:
        return boto3.client(
            "stepfunctions",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            config=Config(proxies={}, max_pool_connections=CONNECTIONS),
        )
