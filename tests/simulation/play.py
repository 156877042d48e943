"""How far a story has come: which acts are under way, which clocks may move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.room import Room
from tests.simulation.story import Story
from tests.simulation.world import SERVICES, World


@dataclass
class Play:
    """`chapter` is the one whose acts are played; the clocks of some services may be ahead already, or behind."""

    world: World
    story: Story
    chapter: int = 0
    clocks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERVICES, -1))
    under_way: list[Iterator[bool]] = field(default_factory=list)

    def begin(self) -> None:
        for name in SERVICES:
            self.move(self.world.rooms[name])
        self._open()

    def _open(self) -> None:
        """An act starts when all clocks are there: whoever asks a service asks it at this instant."""
        _, acts = self.story.chapters[self.chapter]
        self.under_way = [act(self.world) for act in acts]

    def act(self, number: int) -> bool:
        """One call of an act; False says that it waits for the services."""
        try:
            return next(self.under_way[number])
        except StopIteration:
            del self.under_way[number]
            return True

    def who_waits(self) -> str:
        return ", ".join(getattr(act, "__qualname__", "act").split(".")[0] for act in self.under_way)

    def turn(self) -> bool:
        """The next chapter, once this one is played and every clock stands there."""
        last = self.chapter + 1 == len(self.story.chapters)
        if self.under_way or last or min(self.clocks.values()) <= self.chapter:
            return False
        self.chapter += 1
        self._open()
        return True

    @property
    def is_over(self) -> bool:
        return not self.under_way and self.chapter + 1 == len(self.story.chapters)

    def movable(self) -> list[Room]:
        """Services whose clock may move: the acts before are done, and nothing of their own is due."""
        last = len(self.story.chapters) - 1
        if self.under_way:
            return []
        may = [n for n, at in self.clocks.items() if at < min(self.chapter + 1, last)]
        return [self.world.rooms[name] for name in may if "timers" not in self.world.rooms[name].pending().steps]

    def move(self, room: Room) -> None:
        self.clocks[room.name] += 1
        at, _ = self.story.chapters[self.clocks[room.name]]
        room.set_clock(self.world.tenant_id, at)
