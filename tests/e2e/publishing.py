"""What docs/PUBLISHING.md tells a publisher to do, taken from the page itself."""

import json
import re
from typing import Any

from scripts.stack import tools

_PAGE = tools.ROOT / "docs" / "PUBLISHING.md"


def policy(bucket: str) -> str:
    """The bucket policy."""
    return json.dumps(_json("Statement")).replace("BUCKET", bucket)


def cors_rule() -> dict[str, Any]:
    """The CORS rule, as boto3 takes it."""
    return _json("CORSRules")


def commands() -> list[str]:
    """Each command, on one line."""
    return "".join(_blocks("")).replace("\\\n", "").splitlines()


def _json(holding: str) -> dict[str, Any]:
    [found] = [block for block in map(json.loads, _blocks("json")) if holding in block]
    return found


def _blocks(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", _PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]
