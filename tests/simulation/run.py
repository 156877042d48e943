"""Plays seeds: each is a story, told once calmly and once wildly, and must come to the same end."""

from __future__ import annotations

import atexit
import logging
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from random import Random

import structlog

from tests.simulation.calm import calmly
from tests.simulation.invariants import broken
from tests.simulation.outcome import Outcome, differences, outcome
from tests.simulation.play import Play
from tests.simulation.scheduler import Scheduler
from tests.simulation.story import Story, story
from tests.simulation.world import World, world
from tests.support.servers import Servers

BLOCK, STORIES = 300, 40  # of so many seeds, each story is told by several, every time in another order


@dataclass(frozen=True)
class Verdict:
    """`told` is what is wrong, line by line; `trace` is what happened, step by step."""

    seed: int
    told: Sequence[str]
    trace: Sequence[str]

    def __str__(self) -> str:
        return "\n".join((f"seed {self.seed} (make simulate SEED={self.seed})", *(f"  {line}" for line in self.told)))


def story_of(seed: int) -> int:
    return seed // BLOCK * STORIES + seed % BLOCK % STORIES


@dataclass
class Theatre:
    """Calm outcomes are kept: many seeds tell the same story."""

    world: World
    calm: dict[int, tuple[dict[str, dict[str, int]], Outcome]] = field(default_factory=dict)

    def seed(self, seed: int) -> Verdict:
        told = story(story_of(seed))
        scheduler: Scheduler | None = None
        try:
            if told.number not in self.calm:
                self.calm[told.number] = self._calmly(told)
            scheduler = self._scheduler(told, seed)
            scheduler.run()
            wrong = [*differences(self.calm[told.number][1], outcome(self.world)), *broken(self.world)]
        except Exception as error:  # whatever it is, it is the seed's
            wrong = [*traceback.format_exception(error), *broken(self.world)]
        return Verdict(seed, wrong, scheduler.trace if scheduler else ())

    def _calmly(self, told: Story) -> tuple[dict[str, dict[str, int]], Outcome]:
        self.world.book = {}
        self.world.enter(f"calm-{told.number}")
        calmly(Play(self.world, told))
        wrong = broken(self.world)
        assert not wrong, f"story {told.number} is wrong even where nothing goes wrong: {wrong}"
        return self.world.book, outcome(self.world)

    def _scheduler(self, told: Story, seed: int) -> Scheduler:
        self.world.book = self.calm[told.number][0]
        self.world.enter(f"seed-{seed}")
        return Scheduler(Play(self.world, told), Random(seed))


@contextmanager
def theatres(servers: Servers, processes: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """A process a core, each with databases of its own; they go with the server."""
    count = processes or cpu_count() or 1
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_open, initargs=(servers,)) as pool:
        yield pool


_open_theatres: list[Theatre] = []


def _open(servers: Servers) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # faults are wanted here
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    stack = ExitStack()
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="quittance-simulation-"))
    _open_theatres.append(Theatre(stack.enter_context(world(servers, Path(directory)))))
    atexit.register(stack.close)


def play(seed: int) -> Verdict:
    """In one of the processes of `theatres`."""
    [theatre] = _open_theatres
    return theatre.seed(seed)


def play_all(processes: ProcessPoolExecutor, seeds: Iterable[int]) -> Iterator[Verdict]:
    """Those of a story by one process, which then tells it calmly once."""
    by_story = groupby(sorted(seeds, key=story_of), story_of)
    for verdicts in processes.map(_play_one_after_another, [list(those) for _, those in by_story]):
        yield from verdicts


def _play_one_after_another(seeds: Sequence[int]) -> list[Verdict]:
    return [play(seed) for seed in seeds]
