"""What is uploaded to Lambda: the function's binary, named `bootstrap`, in a zip file."""

import contextlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from scripts.stack import temporary

MB = 1e6


@dataclass(frozen=True)
class Sizes:
    """In MB of 1,000,000 bytes."""

    binary: float
    zip: float


def sizes(binary: Path) -> Sizes:
    """Packed with deflate at its best level."""
    with contextlib.ExitStack() as owner:
        path = temporary.folder(owner, "package") / "function.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
            package.write(binary, "bootstrap")
        return Sizes(binary.stat().st_size / MB, path.stat().st_size / MB)
