"""BitTorrent clients find each other through the tracker alone, in both families of addresses."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.stack import build, tools

SWARM_SECONDS = 400
# Addresses of a network that has nothing else in it.
NETWORK = """
set -e
ip link set lo up
for number in 1 2 3 4 5; do
    ip address add 10.77.0.$number/32 dev lo
    ip address add fd77::$number/128 dev lo nodad
done
exec "$@"
"""


def test_clients_find_each_other_and_finish_what_the_web_seed_holds_back(
    binary: Path, tracker_binary: Path, build_shown: Callable[..., Path]
) -> None:
    here = Path(__file__).parent
    namespace = [tools.installed("unshare"), "--map-root-user", "--net", "sh", "-c", NETWORK, "sh"]
    programs = [binary, tracker_binary, build_shown(build.test_s3)]
    env = dict(tools.environment(PYTHONPATH=f"{tools.ROOT}:{here}"))
    command = [*namespace, sys.executable, here / "swarm.py", *programs]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SWARM_SECONDS, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout.splitlines()[-1])
    assert seen["whole"] == [True] * 5
    assert seen["finished"]["complete"] >= 4 and seen["finished"]["downloaded"] >= 3
    assert seen["sums"]["Completed"] == seen["finished"]["downloaded"]
    # Nobody but another peer had the second half.
    assert seen["sums"]["BytesFromPeers"] >= seen["length"] // 2
    assert seen["sums"]["BytesDownloaded"] >= seen["length"]
