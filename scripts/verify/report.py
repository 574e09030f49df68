"""What a run has found, as Markdown to paste into an issue."""

import platform
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

import boto3

from scripts.verify.outcome import Line, Verdict
from scripts.verify.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "target" / "verify.md"
KINDS = {".execute-api.": "API Gateway's own host", ".lambda-url.": "a Function URL", "": "another host"}


def summary(lines: Sequence[Line]) -> str:
    """How many checks ended how."""
    counts = Counter(line.verdict for line in lines)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


def write(stack: Stack, lines: Sequence[Line], left: Sequence[str]) -> Path:
    """Writes the report, without names of the operator's."""
    circumstances = [f"{name}: {value}" for name, value in _circumstances(stack).items()]
    text = "\n".join(
        [summary(lines), "", *circumstances, *(f"not removed: {what}" for what in left), "", *map(str, lines)]
    )
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(f"# get-object-torrent, verified\n\n~~~\n{_without_names(text, stack)}\n~~~\n", encoding="utf-8")
    return PATH


def _circumstances(stack: Stack) -> dict[str, str]:
    parts = urlsplit(stack.settings.endpoint)
    kind = next(kind for part, kind in KINDS.items() if part in parts.netloc)
    revision = ""
    if git := shutil.which("git"):
        describe = [git, "-C", str(ROOT), "describe", "--always", "--dirty", "--tags"]
        revision = subprocess.run(describe, capture_output=True, text=True, check=False).stdout
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "checkout": revision.strip() or "unknown",
        "Region": stack.region,
        "endpoint": f"{parts.scheme}, {kind}, {'with' if parts.path else 'without'} a path",
        "access": "signed (AWS_IAM)" if stack.credentials else "open",
        "client": f"{platform.system()}, Python {platform.python_version()}, boto3 {boto3.__version__}",
    }


def _without_names(text: str, stack: Stack) -> str:
    """Takes out what tells whose stack it is: hosts, the bucket, keys of the run, account IDs."""
    settings = stack.settings
    names = {
        settings.folder: "FOLDER/",
        quote(settings.folder): "FOLDER/",
        urlsplit(settings.endpoint).netloc: "ENDPOINT",
        urlsplit(settings.tracker).netloc: "TRACKER",
        settings.sidecar_bucket: "SIDECARBUCKET",
        settings.bucket: "BUCKET",
    }
    for name, placeholder in names.items():
        text = text.replace(name, placeholder) if name else text
    text = re.sub(r"[a-z0-9]+(\.lambda-url\.)", r"TRACKER\1", text)
    return re.sub(r"\b\d{12}\b", "ACCOUNT", text)
