"""Programs in a network namespace of their own. There `10.77.0.N` and `fd77::N` lead back to this machine, and nothing
leads out of it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.stack import tools

SECONDS = 600
_NETWORK = """
set -e
ip link set lo up
for number in $(seq 20); do
    ip address add 10.77.0.$number/32 dev lo
    ip address add fd77::$number/128 dev lo nodad
done
exec "$@"
"""


def run(program: str, *arguments: Path) -> Any:
    """The JSON that a Python program of this folder ends its output with."""
    here = Path(__file__).parent
    namespace = [tools.installed("unshare"), "--map-root-user", "--net", "sh", "-c", _NETWORK, "sh"]
    env = dict(tools.environment(PYTHONPATH=f"{tools.ROOT}:{here}"))
    command = [*namespace, sys.executable, here / program, *arguments]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])
