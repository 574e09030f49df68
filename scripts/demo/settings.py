"""What a person may choose: FILE, DIR, PORT, S3_PORT, TRACKER and ONCE in the environment, or --once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.demo import sources
from scripts.demo.commands import EVENTS_KEY
from scripts.demo.sources import Source, UsageError
from scripts.stack import ports


@dataclass(frozen=True)
class Settings:
    """Checked choices."""

    file: Source
    folder: Source
    port: int
    s3_port: int
    tracker: bool
    once: bool


def read(environment: Mapping[str, str], arguments: Sequence[str]) -> Settings:
    """The settings; a fault is a `UsageError` of one line."""
    if unknown := [argument for argument in arguments if argument != "--once"]:
        raise UsageError(
            f"{unknown[0]} is not an option: use --once, or FILE, DIR, PORT, S3_PORT and TRACKER in the environment"
        )
    port = _port("PORT", "the function", environment.get("PORT") or "9000")
    s3_port = _port("S3_PORT", "the S3 server", environment.get("S3_PORT") or "8333")
    if port == s3_port:
        raise UsageError(f"PORT and S3_PORT are both {port}: choose two")
    tracker, once = (environment.get(name, "0") not in ("", "0") for name in ("TRACKER", "ONCE"))
    file, folder = sources.file(environment.get("FILE")), sources.folder(environment.get("DIR"))
    if folder.key in (f"{file.key}/", f"{EVENTS_KEY}/"):
        raise UsageError(f"DIR={folder.path} has the name of a file that is served: choose another folder")
    return Settings(file, folder, port, s3_port, tracker, once or "--once" in arguments)


def _port(variable: str, whose: str, chosen: str) -> int:
    if not chosen.isdecimal() or not 0 < int(chosen) < 65_536:
        raise UsageError(f"{variable}={chosen} is not a port: choose a number from 1 to 65535")
    port = int(chosen)
    if fault := ports.fault(port):
        raise UsageError(
            f"port {port} of {ports.LOOPBACK} cannot be used for {whose} ({fault}): choose another with {variable}=…"
        )
    return port
