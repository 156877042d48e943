"""Whatever the order, the delays, the repeats and the crashes: the story comes to the end of the calm world."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.run import Theatre, play
from tests.simulation.world import World

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "20"))
AT_ONCE = 15


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_seed_comes_to_the_end_of_the_calm_world(first: int, processes: ProcessPoolExecutor) -> None:
    verdicts = processes.map(play, range(first, min(first + AT_ONCE, SEEDS)))
    wrong = [str(verdict) for verdict in verdicts if verdict.told]
    assert not wrong, "\n".join(wrong)


def test_a_seed_is_played_the_same_way_again(simulated: World) -> None:
    theatre = Theatre(simulated)
    first, again = theatre.seed(3), theatre.seed(3)
    assert first.told == [] and len(first.trace) > 100
    assert again.trace == first.trace
