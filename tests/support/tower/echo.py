"""What a listener has heard of a bell: one event for each message, each at most once."""

from __future__ import annotations

from dataclasses import dataclass

from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    times: int


def decide(heard: tuple[int, ...], command: Hear) -> list[Heard]:
    return [Heard(times=command.times)]


def evolve(heard: tuple[int, ...], event: Heard) -> tuple[int, ...]:
    return (*heard, event.times)


ECHO: Decider[tuple[int, ...], Hear, Heard] = Decider("echo", (), decide, evolve, {"heard": Heard})
