"""What docs/PUBLISHING.md and README.md tell people to do, taken from the pages themselves."""

import json
import re
from typing import Any

from scripts.stack import tools

_PAGE = tools.ROOT / "docs" / "PUBLISHING.md"
_README = tools.ROOT / "README.md"
_README_ENDPOINT = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod"


def policy(bucket: str) -> str:
    """The bucket policy."""
    return json.dumps(_json("Statement")).replace("BUCKET", bucket)


def cors_rule() -> dict[str, Any]:
    """The CORS rule, as boto3 takes it."""
    return _json("CORSRules")


def commands() -> list[str]:
    """Each command, on one line."""
    return "".join(_blocks("")).replace("\\\n", "").splitlines()


def readme(endpoint: str) -> tuple[list[str], str]:
    """README's upload, GetObjectTorrent by the CLI and by a presigned URL, and its Python, with this endpoint."""
    text = _README.read_text(encoding="utf-8").replace(_README_ENDPOINT, endpoint)
    upload = re.findall(r"`(aws s3 cp [^`]+)`", text)
    shell = [block.removeprefix("$ ") for block in _blocks("", text) if block.startswith(("$ aws", "$ curl"))]
    [python] = _blocks("python", text)
    return [*upload, *shell], python


def _json(holding: str) -> dict[str, Any]:
    [found] = [block for block in map(json.loads, _blocks("json")) if holding in block]
    return found


def _blocks(language: str, text: str | None = None) -> list[str]:
    text = text or _PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]
