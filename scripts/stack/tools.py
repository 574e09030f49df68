"""The programs that the stack runs, and the environment they get."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.stack.errors import StackError

ROOT = Path(__file__).resolve().parents[2]

# Of the function; a value left in somebody's shell must not change what is run here.
_FUNCTION_VARIABLES = {
    *("ACCESS", "BASE_PATH", "BUCKETS", "COLLECTIONS", "FETCH_CONCURRENCY", "INLINE_MAX_OBJECTS", "INLINE_MAX_SIZE"),
    *("JOB_CONCURRENCY", "JOB_STATE_MACHINE_ARN", "MAX_COLLECTION_OBJECTS", "MAX_OBJECT_SIZE", "PIECE_LENGTH"),
    *("RANGE_SIZE", "RUST_LOG", "SIDECAR_BUCKET", "SIDECAR_PREFIX", "SIDECAR_SUFFIX", "SPAN_SIZE", "TIME_BUDGET_MS"),
    *("TRACKERS", "TRACKER_TABLE", "TRACKER_URL", "VIRTUAL_HOST_DOMAIN", "WEB_SEEDS"),
}
# Nothing of the user's own AWS accounts: neither a profile nor a metadata service.
_NO_AWS_ACCOUNT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# A proxy may be needed to fetch crates, but is none of loopback's business.
_DIRECT = "127.0.0.1,localhost"


def pinned(name: str) -> Path:
    """A program of requirements/e2e.txt: it lies beside the Python that runs this."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise _missing(f"{name} beside {sys.executable}")
    return path


def installed(name: str) -> Path:
    """A program of the system."""
    path = shutil.which(name)
    if path is None:
        raise _missing(name)
    return Path(path)


def environment(**own: str) -> Mapping[str, str]:
    """The caller's environment without its AWS settings and function variables, and with `own`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name not in _FUNCTION_VARIABLES
    }
    return {**kept, **_NO_AWS_ACCOUNT, "no_proxy": _DIRECT, "NO_PROXY": _DIRECT, **own}


def isolate() -> None:
    """Gives this process that environment too: boto3 reads it."""
    isolated = environment()
    os.environ.clear()
    os.environ.update(isolated)


def _missing(what: str) -> StackError:
    return StackError(f"{what} is missing: run this through `make`, which installs it or says how")
