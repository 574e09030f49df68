"""An emulated AWS on 127.0.0.1: ministack, with its faults made good (faults/) and with IAM enforced."""

import contextlib
import json
from pathlib import Path

from botocore.client import BaseClient

from scripts.stack import http, temporary, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process
from scripts.stack.roles import ACCOUNT
from scripts.stack.seaweedfs import REGION, Credentials

# May do everything.
ROOT = Credentials("ROOTACCESSKEY", "secret-of-the-emulated-root")
READY_SECONDS = 120.0


class Emulator:
    """A running emulator. What it knows goes with it."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        [port] = free_ports(1)
        self.endpoint = f"http://{LOOPBACK}:{port}"
        folder = temporary.folder(owner, "emulator")
        self.log = folder / "log"
        variables = {
            "AUTH": "true",
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            # So that it answers for the host names in the stack's outputs.
            "MINISTACK_HOST": f"{REGION}.amazonaws.com",
            "MINISTACK_REGION": REGION,
            # A hundredth of the state machine's waits.
            "SFN_WAIT_SCALE": "0.01",
            "PYTHONPATH": str(Path(__file__).parent),
            "TMPDIR": str(folder),
            # Of the functions.
            "AWS_ENDPOINT_URL": self.endpoint,
            **ROOT.environment(),
        }
        command = [tools.pinned("python"), "-m", "faults"]
        env = tools.environment(**variables)
        process = Process(owner, "ministack", command, log=self.log, env=env, grace_seconds=0)
        process.wait_until(lambda: http.body(f"{self.endpoint}/_ministack/health") is not None, READY_SECONDS)

    def client(self, service: str, credentials: Credentials = ROOT) -> BaseClient:
        """boto3's client of `service`."""
        return credentials.client(self.endpoint, service)

    def user(self, name: str, actions: list[str]) -> Credentials:
        """A new user who may do these."""
        self.client("iam").create_user(UserName=name)
        self.allow(name, {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
        key = self.client("iam").create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, user: str, policy: dict) -> None:
        """Gives a user the one policy that it has."""
        document = json.dumps({"Version": "2012-10-17", **policy})
        self.client("iam").put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document)
