"""SeaweedFS: a real S3 server with signatures, bucket policies, versions and conditional requests.

It runs on 127.0.0.1 alone, on ports of its own, and keeps its data in a folder that vanishes with it.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from scripts.stack import http, temporary, tools
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process
from scripts.stack.roles import Role, configuration

REGION = "us-east-1"
READY_SECONDS = 60.0
IDENTITIES = "identities.json"
# Its options.
PORTS = ("s3.port", "master.port", "volume.port", "filer.port", "metricsPort")
PORTS += ("s3.port.grpc", "master.port.grpc", "volume.port.grpc", "filer.port.grpc")


@dataclass(frozen=True)
class Credentials:
    """An access key of the server's."""

    access_key: str
    secret_key: str
    session_token: str | None = None

    def environment(self) -> Mapping[str, str]:
        """As the AWS tools and SDKs read it."""
        session = {"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key, **session}

    def client(self, endpoint: str, service: str = "s3", region: str = REGION, **config: object) -> BaseClient:
        """boto3's client of a server on loopback."""
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.session_token,
            config=Config(s3={"addressing_style": "path"}, proxies={}, **config),
        )


# Of this server alone, which nobody but this machine reaches. The owner of all buckets:
ADMIN = Credentials("ADMINACCESSKEY", "secret-of-the-local-admin")
# The function's role: reads objects, reads and writes sidecars.
ROLE = Credentials("ROLEACCESSKEY", "secret-of-the-local-role")


@dataclass(frozen=True)
class Identity:
    """A further user: what it may do, as SeaweedFS writes it (`Read:bucket`)."""

    name: str
    credentials: Credentials
    actions: tuple[str, ...]


class SeaweedFS:
    """A running server."""

    def __init__(
        self,
        owner: contextlib.ExitStack,
        *,
        port: int | None = None,
        identities: tuple[Identity, ...] = (),
        roles: tuple[Role, ...] = (),
        waiting: Callable[[float], None] = lambda elapsed: None,
    ) -> None:
        folder = temporary.folder(owner, "seaweedfs")
        ports = dict(zip(PORTS, free_ports(len(PORTS), without=port), strict=True))
        self.port = ports["s3.port"] = port or ports["s3.port"]
        # The server puts these at a fixed place, and leaves them there.
        grpc = {name.split(".")[0]: port for name, port in ports.items() if name.endswith(".grpc")}
        self.sockets = [Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock") for name, port in grpc.items()]
        owner.callback(lambda: [socket.unlink(missing_ok=True) for socket in self.sockets])
        self.endpoint = f"http://{LOOPBACK}:{self.port}"
        # What it counts itself, in Prometheus' text format.
        self.metrics = f"http://{LOOPBACK}:{ports['metricsPort']}/metrics"
        self._assign = f"http://{LOOPBACK}:{ports['master.port']}/dir/assign"
        (folder / IDENTITIES).write_text(_configuration(identities), encoding="utf-8")
        arguments = _arguments(folder, ports)
        if roles:
            (folder / "roles.json").write_text(json.dumps(configuration(roles)), encoding="utf-8")
            arguments.append(f"-s3.iam.config={folder / 'roles.json'}")
        self.process = Process(
            owner,
            "SeaweedFS",
            [tools.pinned("weed"), *arguments],
            log=folder / "log",
            env=tools.environment(TMPDIR=str(folder)),
            cwd=folder,
            # It would take 10 s to end in peace, and its data are thrown away anyhow.
            grace_seconds=0,
        )
        self.process.wait_until(self._is_ready, READY_SECONDS, waiting)

    def client(self, credentials: Credentials = ADMIN) -> BaseClient:
        """boto3's client of this server."""
        return credentials.client(self.endpoint)

    def assume(self, role: Role, credentials: Credentials) -> Credentials:
        """Temporary credentials of `role`, for who has `credentials`."""
        sts = credentials.client(self.endpoint, "sts")
        given = sts.assume_role(RoleArn=role.arn, RoleSessionName="local")["Credentials"]
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def create_bucket(self, name: str, *, public: bool = False, listed: bool = False, versioned: bool = False) -> None:
        """A new bucket. Anyone may read the objects of a `public` one, and also list those of a `listed` one."""
        client = self.client()
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if public or listed:
            client.put_bucket_policy(Bucket=name, Policy=public_read_policy(name, listed=listed))

    def _is_ready(self) -> bool:
        """The S3 port answers, and a volume is there to write to."""
        return b'"fid"' in (http.body(self._assign) or b"") and http.accepts(self.port)


def public_read_policy(bucket: str, *, listed: bool = False) -> str:
    """Anyone may read the objects, each version of them too, and list them if `listed`."""
    arn = f"arn:aws:s3:::{bucket}"
    read = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:GetObjectVersion"]}
    statements = [{**read, "Resource": f"{arn}/*"}]
    if listed:
        statements.append({"Effect": "Allow", "Principal": "*", "Action": ["s3:ListBucket"], "Resource": arn})
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _arguments(folder: Path, ports: Mapping[str, int]) -> list[str]:
    """Every port is named: what is not lies at a default, and gRPC ports 10,000 above the others."""
    data = folder / "data"
    data.mkdir()
    return [
        "-logtostderr",
        "server",
        f"-dir={data}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        *(f"-{name}={port}" for name, port in ports.items()),
        "-filer",
        f"-filer.localSocket={folder / 'filer.sock'}",
        "-s3",
        f"-s3.localSocket={folder / 's3.sock'}",
        f"-s3.config={folder / IDENTITIES}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        # It would report to its makers.
        "-master.telemetry=false",
        # Each bucket takes seven volumes; they grow as they are filled.
        "-master.volumeSizeLimitMB=4096",
        "-volume.max=1000",
    ]


def _configuration(identities: tuple[Identity, ...]) -> str:
    admin = Identity("admin", ADMIN, ("Admin", "Read", "Write", "List", "Tagging"))
    role = Identity("role", ROLE, ("Read", "Write", "List"))
    entries = [
        {
            "name": identity.name,
            "credentials": [
                {"accessKey": identity.credentials.access_key, "secretKey": identity.credentials.secret_key}
            ],
            "actions": list(identity.actions),
        }
        for identity in (admin, role, *identities)
    ]
    return json.dumps({"identities": entries})
