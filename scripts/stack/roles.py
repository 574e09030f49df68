"""Roles that SeaweedFS gives temporary credentials of, and its configuration of them."""

import base64
import secrets
from dataclasses import dataclass

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Role:
    """Whoever has an access key may take it, and may then do `actions` with the objects of `bucket`."""

    name: str
    bucket: str
    actions: tuple[str, ...]

    @property
    def arn(self) -> str:
        """As AssumeRole is asked for it."""
        return f"arn:aws:iam::{ACCOUNT}:role/{self.name}"


def configuration(roles: tuple[Role, ...]) -> dict[str, object]:
    """The file that `-s3.iam.config` names. Session tokens are signed with a key of this server alone."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "local", "signingKey": key},
        "policy": {"defaultEffect": "Deny", "storeType": "memory"},
        "policies": [{"name": role.name, "document": _document(_rights(role))} for role in roles],
        "roles": [
            {
                "roleName": role.name,
                "roleArn": role.arn,
                "trustPolicy": _document({"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
                "attachedPolicies": [role.name],
            }
            for role in roles
        ],
    }


def _rights(role: Role) -> dict[str, object]:
    return {"Action": list(role.actions), "Resource": f"arn:aws:s3:::{role.bucket}/*"}


def _document(statement: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
