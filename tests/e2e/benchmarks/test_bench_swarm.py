"""The benchmark of swarms works. Its figures are docs/BENCHMARKS.md's business."""

from collections.abc import Callable
from pathlib import Path

import pytest
import quick_bench

from benches import objects
from benches.objects import MIB
from benches.swarm_run import Case, side_by_side
from scripts.stack import build


def test_a_quick_run_prints_each_swarm_with_one_two_and_three_web_seeds(build_shown: Callable[..., Path]) -> None:
    build_shown(build.release)
    lines = quick_bench.run("swarm")
    for peers in ("3 libtorrent", "2 libtorrent, 1 aria2"):
        for web_seeds in (1, 2, 3):
            assert any(line.startswith(f"| {peers} | yes | 4 | {web_seeds} |") for line in lines), lines


def test_the_web_seeds_send_nothing_where_a_seeder_has_it_all_and_the_file_to_each_that_is_alone(
    binary: Path, folder: Path
) -> None:
    seeded = Case(web_seeds=0, libtorrent=2, aria2=1, seeder=True)
    alone = Case(web_seeds=1, libtorrent=2, tracker=False)
    results = side_by_side([seeded, alone], binary, objects.write(folder / "file", MIB))
    assert [result.egress for result in results] == [0, pytest.approx(1)]
