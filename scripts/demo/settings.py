"""What a person may choose: FILE, PORT, S3_PORT and ONCE in the environment, or --once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.stack import ports, tools
from scripts.stack.errors import StackError


class UsageError(StackError):
    """What was chosen cannot be."""


@dataclass(frozen=True)
class Settings:
    """Checked choices."""

    file: Path
    port: int
    s3_port: int
    once: bool


def read(environment: Mapping[str, str], arguments: Sequence[str]) -> Settings:
    """The settings; a fault is a `UsageError` of one line."""
    if unknown := [argument for argument in arguments if argument != "--once"]:
        raise UsageError(f"{unknown[0]} is no option: there is --once, and FILE, PORT and S3_PORT in the environment")
    port = _port("PORT", "the function", environment.get("PORT") or "9000")
    s3_port = _port("S3_PORT", "the S3 server", environment.get("S3_PORT") or "8333")
    if port == s3_port:
        raise UsageError(f"PORT and S3_PORT are both {port}: choose two")
    once = "--once" in arguments or environment.get("ONCE", "0") not in ("", "0")
    return Settings(_file(environment.get("FILE")), port, s3_port, once)


def _file(chosen: str | None) -> Path:
    # The default is in every checkout that is set up, the same everywhere, and spans a hundred pieces.
    file = Path(chosen).expanduser() if chosen else tools.pinned("cargo-lambda")
    try:
        with file.open("rb") as opened:
            is_empty = not opened.read(1)
        file.name.encode()
    except OSError as error:
        raise UsageError(f"FILE={file} cannot be read: {error.strerror}") from error
    except UnicodeEncodeError as error:
        raise UsageError(f"FILE={file!r}: a name that is not UTF-8 cannot be a key of S3") from error
    if is_empty:
        raise UsageError(f"FILE={file} is empty: no BitTorrent client loads a torrent of nothing")
    return file


def _port(variable: str, whose: str, chosen: str) -> int:
    if not chosen.isdecimal() or not 0 < int(chosen) < 65_536:
        raise UsageError(f"{variable}={chosen} is no port: give a number from 1 to 65535")
    port = int(chosen)
    if fault := ports.fault(port):
        raise UsageError(
            f"port {port} of {ports.LOOPBACK} cannot be used for {whose} ({fault}): choose another with {variable}=…"
        )
    return port
