"""What a process took: wall time, CPU time as the kernel counts it, and memory.

CPU is user and system time together: of a child and its children by wait4, of a running process by its clock. Both are
the scheduler's own count, not ticks.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.stack import tools
from scripts.stack.errors import StackError


@dataclass(frozen=True)
class Usage:
    """Seconds, and the most memory in MiB where it is known."""

    wall: float
    cpu: float
    peak_mib: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """One after the other."""
        return Usage(self.wall + other.wall, self.cpu + other.cpu, max(self.peak_mib, other.peak_mib))


def of_command(command: Sequence[str | Path]) -> Usage:
    """Runs `command`, which must succeed and whose output is dropped. Its memory is not known."""
    start = time.monotonic()
    child = subprocess.Popen(
        command, env=dict(tools.environment()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    # Its ru_maxrss would hold the memory of this process, which it was forked from.
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    # Popen must not wait again for what is gone.
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise StackError(f"{command[0]} failed with status {child.returncode}")
    return Usage(wall, usage.ru_utime + usage.ru_stime)


def seconds(pid: int) -> float:
    """CPU time of the process `pid` so far."""
    # The clock id that clock_getcpuclockid(3) makes of a process id.
    return time.clock_gettime((~pid << 3) | 2)


def peak_mib(pid: int) -> float:
    """The most memory of the process `pid` that was resident so far (VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def resident_mib(pid: int) -> float:
    """The memory of the process `pid` that is resident now (VmRSS)."""
    return psutil.Process(pid).memory_info().rss / 1024**2
