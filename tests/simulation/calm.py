"""How a story goes when nothing goes wrong: everything arrives everywhere before anything else happens."""

from __future__ import annotations

from tests.simulation.play import Play
from tests.simulation.room import Room
from tests.simulation.world import World

MOST_TURNS = 500
MOST_TRIES = 60
Held = frozenset[tuple[str, str]]  # service and topic


class NoRest(AssertionError):
    """The services are still busy, or somebody still waits, long after the faults have ended."""


def settle(world: World, *, held: Held = frozenset()) -> None:
    """Turn everything, in one order, until nothing is left to do; what is held back stays in the log."""
    for _ in range(MOST_TURNS):
        worked = sum(_turn(room, held) for room in world.rooms.values())
        if not worked and not any(_passes_until_retry(room) for room in world.rooms.values()):
            return
    raise NoRest("the services do not come to rest")


def _turn(room: Room, held: Held) -> int:
    worked = sum(room.step(name) for name in sorted(room.pending().steps))
    for consumer in room.consumers:
        reader = room.reader(consumer)
        readable = [p for p in reader.behind() if (room.name, p.topic) not in held]
        if plans := {p: (reader.positions.get(p, 0), room.log.end(p)) for p in readable}:
            room.deliver(consumer, plans)
            worked += 1
    return worked


def _passes_until_retry(room: Room) -> bool:
    """A message waits for another one and is tried again later: it is later now."""
    retry_at = room.pending().retry_at
    if retry_at is not None:
        room.time.now = max(room.time.now, retry_at)
        room.step("parking")
    return retry_at is not None


def calmly(play: Play) -> None:
    """The story as it is meant."""
    play.begin()
    finish(play)


def finish(play: Play) -> None:
    """What is left of it: nothing happens before everything before it has arrived everywhere."""
    while True:
        settle(play.world)
        _play_chapter(play)
        if play.is_over:
            return
        for room in play.movable():
            play.move(room)
        settle(play.world)
        play.turn()


def _play_chapter(play: Play) -> None:
    for _ in range(MOST_TRIES):
        if not play.under_way:
            return
        if not play.act(0):
            play.under_way.append(play.under_way.pop(0))
        settle(play.world)
    raise NoRest(f"chapter {play.chapter}: {play.who_waits()} waits for what does not come")
