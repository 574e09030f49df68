"""The pages of docs/, which say a fact on one of them."""

import json
import re

from scripts import cloudformation as cfn

PAGES = sorted((cfn.ROOT / "docs").glob("*.md"))


def text():
    """All of them."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def json_blocks():
    """The JSON documents of the docs."""
    return map(json.loads, re.findall(r"```json\n(.*?)```", text(), re.DOTALL))
