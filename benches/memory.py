"""Peak memory of the function while it reads one object: `make bench`, or SIZE_MIB=1024 make bench.

The release binary with its defaults, behind scripts/stack's stand-in for the Lambda service, reads from SeaweedFS
on 127.0.0.1. Peak resident memory is the kernel's own count (VmHWM) of the function's process alone.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from boto3.s3.transfer import TransferConfig  # noqa: E402

from scripts.stack import build, tools  # noqa: E402
from scripts.stack.function import built, settings  # noqa: E402
from scripts.stack.seaweedfs import ADMIN, SeaweedFS  # noqa: E402

MIB = 1024 * 1024
BUDGET_MIB = 48


def main() -> int:
    """Prints one row for the defaults and one for the most connections."""
    size_mib = int(os.environ.get("SIZE_MIB", "4096"))
    with contextlib.ExitStack() as owner:
        binary = build.release(owner)
        server = SeaweedFS(owner)
        server.create_bucket("data", public=True)
        print(f"Uploading an object of {size_mib} MiB ...", flush=True)
        upload(server, size_mib)
        print("| FETCH_CONCURRENCY | object, MiB | peak memory, MiB | seconds |\n| --- | --- | --- | --- |")
        peaks = [measure(owner, server, binary, size_mib, concurrency) for concurrency in (8, 64)]
    print(f"budget with defaults: {BUDGET_MIB} MiB, {'kept' if peaks[0] <= BUDGET_MIB else 'NOT KEPT'}")
    return 0 if peaks[0] <= BUDGET_MIB else 1


def upload(server: SeaweedFS, size_mib: int) -> None:
    """Bytes that differ from piece to piece, made as they are sent."""
    with tempfile.NamedTemporaryFile(prefix="get-object-torrent-") as file:
        block = os.urandom(64 * MIB)
        for number in range(0, size_mib, 64):
            file.write(number.to_bytes(8, "big") + block[8 : min(64, size_mib - number) * MIB])
        file.flush()
        parts = TransferConfig(multipart_chunksize=64 * MIB, max_concurrency=4)
        server.client().upload_file(file.name, "data", "object.bin", Config=parts)


def measure(owner: contextlib.ExitStack, server: SeaweedFS, binary: Path, size_mib: int, concurrency: int) -> float:
    """One request of a function that has answered none before; nothing is cached."""
    variables = {"BUCKETS": "data", "TIME_BUDGET_MS": "900000", "FETCH_CONCURRENCY": str(concurrency)}
    variables["SIDECAR_PREFIX"] = f"with-{concurrency}/"
    function = built(owner, binary, settings(server.endpoint, ADMIN, variables))
    start = time.monotonic()
    url = f"{function.endpoint}/data/object.bin?torrent"
    command = [tools.installed("curl", "apt-get install curl"), "--silent", "--show-error", "--fail", url]
    subprocess.run([*command, "--output", os.devnull], check=True, env=tools.environment())
    seconds = time.monotonic() - start
    peak = peak_mib(function.process.pid)
    print(f"| {concurrency} | {size_mib} | {peak:.1f} | {seconds:.1f} |", flush=True)
    function.process.stop()
    return peak


def peak_mib(pid: int) -> float:
    """VmHWM, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
