"""Picks what happens next from a seed: everything that may happen happens at some time, but in no order of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kafka import TopicPartition
from sqlalchemy.exc import OperationalError

from shared.consumer import Consumer
from tests.simulation.calm import finish
from tests.simulation.faults import Crash, died, refused
from tests.simulation.mishaps import Mishaps
from tests.simulation.play import Play
from tests.simulation.room import Room, Step

MOST_STEPS = 600  # then the faults end, and the rest of the story is calm
PAUSE_OF_WHO_WAITS = 8
KINDS = ("act", "relay", "timers", "parking", "closing", "advancing", "deliver", "move", "time", "fault", "loss")


@dataclass
class Scheduler:
    """Each seed has moods of its own: one hardly relays, another crashes all the time, the next forgets its timers."""

    play: Play
    random: Random
    trace: list[str] = field(default_factory=list)
    frozen: set[tuple[str, TopicPartition]] = field(default_factory=set)
    resting: int = 0  # steps until who waits asks again

    def __post_init__(self) -> None:
        self.moods = {kind: 4 ** self.random.uniform(-1.5, 1.5) for kind in KINDS}
        self.moods["fault"] *= 0.1
        self.moods["loss"] *= 0.01
        self.crashes = self.random.choice((0.0, 0.02, 0.1, 0.3))
        self.rooms = list(self.play.world.rooms.values())

    def run(self) -> None:
        self.play.begin()
        with Mishaps(self.random, self.crashes).befall(self.play.world):
            for _ in range(MOST_STEPS):
                if self.play.is_over:
                    break
                self._step()
        self._heal()
        finish(self.play)

    def _step(self) -> None:
        self.play.turn()
        self.resting = max(0, self.resting - 1)
        choices = list(self._choices())
        if not choices:
            self._heal()
            return
        kinds = sorted({kind for kind, _, _ in choices})
        kind = self.random.choices(kinds, [self.moods[kind] for kind in kinds])[0]
        _, name, step = self.random.choice([choice for choice in choices if choice[0] == kind])
        self.trace.append(name)
        step()

    def _choices(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        if not self.resting:
            for number in range(len(self.play.under_way)):
                yield "act", f"act {number}", lambda number=number: self._act(number)
        for room in self.play.movable():
            yield "move", f"{room.name} clock", lambda room=room: self.play.move(room)
        for room in self.rooms:
            yield from self._of(room)
        yield "fault", "freeze", self._freeze
        yield "fault", "thaw", self._heal
        yield "fault", "restart", lambda: self.random.choice(self.rooms).start()
        yield "fault", "again", self._again
        if self._may_lose_the_broker():
            yield "loss", "new broker", self._lose_the_broker

    def _of(self, room: Room) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        pending = room.pending()
        for step in sorted(pending.steps):
            yield step, f"{room.name} {step}", lambda step=step: self._try(room, lambda: room.step(step))
        if pending.retry_at is not None and pending.retry_at <= room.time.now:
            yield "parking", f"{room.name} parking", lambda: self._try(room, lambda: room.step("parking"))
        elif pending.retry_at is not None:
            yield "time", "time", lambda: room.time.passes(self.random.random() * 3)
        for consumer in room.consumers:
            if readable := self._readable(room, consumer):
                yield (
                    "deliver",
                    f"{room.name} {consumer.group}",
                    lambda c=consumer, r=readable: self._deliver(room, c, r),
                )

    def _readable(self, room: Room, consumer: Consumer) -> list[TopicPartition]:
        return [p for p in room.reader(consumer).behind() if (room.name, p) not in self.frozen]

    def _act(self, number: int) -> None:
        if not self.play.act(number):
            self.resting = PAUSE_OF_WHO_WAITS

    def _deliver(self, room: Room, consumer: Consumer, readable: list[TopicPartition]) -> None:
        """Some of the partitions, each from where it stands, cut anywhere."""
        some = self.random.sample(readable, self.random.randint(1, len(readable)))
        positions = room.reader(consumer).positions
        plans = {p: (start := positions.get(p, 0), self.random.randint(start + 1, room.log.end(p))) for p in some}
        self._try(room, lambda: room.deliver(consumer, plans))

    def _try(self, room: Room, step: Step) -> None:
        """A step that may be struck; who crashes starts anew, who was refused tries again some other time."""
        struck = room.faults.struck
        if self.random.random() < self.crashes:
            room.faults.arm(self.random.randint(1, 24), self.random.choice((died, refused)))
        try:
            step()
        except Crash:
            room.start()
        except OperationalError:
            if room.faults.struck == struck:
                raise
        finally:
            room.faults.disarm()

    def _freeze(self) -> None:
        """Partitions of a topic are not read for a while, by one service."""
        room = self.random.choice(self.rooms)
        topics = [topic for consumer in room.consumers for topic in consumer.topics]
        topic = self.random.choice(topics)
        self.frozen |= {(room.name, p) for p in room.log.partitions([topic])}

    def _heal(self) -> None:
        self.frozen.clear()

    def _again(self) -> None:
        """A consumer goes back, as after partitions were assigned anew, to where it has been before."""
        room = self.random.choice(self.rooms)
        reader = room.reader(self.random.choice(room.consumers))
        for partition, position in reader.positions.items():
            reader.positions[partition] = self.random.choice((position, self.random.randint(0, position)))

    def _may_lose_the_broker(self) -> bool:
        """Accepted usage that nobody has read is lost with it, as is documented: so it is not lost here."""
        usage = self.play.world.rooms["usage"]
        return not usage.reader(usage.consumers[1]).behind()

    def _lose_the_broker(self) -> None:
        self.play.world.log.begin_anew()
        for room in self.random.sample(self.rooms, len(self.rooms)):
            room.start()
