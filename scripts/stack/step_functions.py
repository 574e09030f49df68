"""Step Functions on 127.0.0.1: moto's interpreter runs the very file that is deployed.

docs/TESTING.md says where it differs from AWS.
"""

import contextlib
import uuid

from scripts.stack import tools
from scripts.stack.moto import Moto
from scripts.stack.seaweedfs import REGION, Credentials

DEFINITION = tools.ROOT / "statemachine" / "torrent-job.asl.json"
ROLE_ARN = "arn:aws:iam::123456789012:role/torrent-job"
CONNECTIONS = 64
# Of the child's, in the definition.
THROTTLING_RETRIES = '"MaxAttempts": 10,'


class StepFunctions(Moto):
    """A running server, whose state machines invoke functions at `lambda_endpoint`, and read S3 with `credentials`."""

    def __init__(
        self, owner: contextlib.ExitStack, lambda_endpoint: str, s3_endpoint: str, credentials: Credentials
    ) -> None:
        account = {"AWS_DEFAULT_REGION": REGION, **credentials.environment()}
        super().__init__(owner, lambda_endpoint, s3_endpoint, **account)
        self.client = credentials.client(self.endpoint, "stepfunctions", max_pool_connections=CONNECTIONS)

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
