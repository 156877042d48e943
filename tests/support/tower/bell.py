"""A bell that is rung until it cracks, may have an alarm, and tells who listens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from shared.decider import Decider, NotAllowedNow
from shared.errors import DomainError, NotFound
from shared.event_store import Recorded
from shared.messages import Contract
from shared.timers import Timer


class TooLoud(DomainError):
    """Nobody rings more than 99 times at once."""


class NoSuchBell(NotFound):
    """It may still be cast."""


@dataclass(frozen=True, slots=True)
class Bell:
    times: int = 0
    is_cracked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """`until` is absolute: the same command again changes nothing."""

    until: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Crack:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAlarm:
    name: str
    at: datetime
    stage: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung:
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BellCracked:
    """Nobody outside hears of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSet:
    name: str
    at: datetime
    stage: int


Command = Ring | Crack | SetAlarm
Event = BellRung | BellCracked | AlarmSet


def decide(bell: Bell, command: Command) -> list[Event]:
    match command:
        case SetAlarm(name=name, at=at, stage=stage):
            return [AlarmSet(name=name, at=at, stage=stage)]
        case Crack():
            return [] if bell.is_cracked else [BellCracked()]
        case Ring() if bell.is_cracked:
            raise NotAllowedNow(command, "cracked")
        case Ring(until=until, times=times):
            missing = times if until is None else until - bell.times
            if missing > 99:
                raise TooLoud("ring at most 99 times", field="/times")
            return [BellRung(times=missing)] if missing > 0 else []


def evolve(bell: Bell, event: Event) -> Bell:
    match event:
        case BellRung(times=times):
            return replace(bell, times=bell.times + times)
        case BellCracked():
            return replace(bell, is_cracked=True)
        case _:
            return bell


BELL: Decider[Bell, Command, Event] = Decider(
    "bell", Bell(), decide, evolve, {"bell_rung": BellRung, "bell_cracked": BellCracked, "alarm_set": AlarmSet}
)


class BellRungV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "tower.bell_rung.v1"
    times: int


def to_contract(event: object) -> Contract | None:
    return BellRungV1(times=event.times) if isinstance(event, BellRung) else None


def timers_of(recorded: Recorded) -> Iterator[Timer]:
    if isinstance(recorded.event, AlarmSet):
        alarm = recorded.event
        yield Timer(
            tenant_id=recorded.tenant_id,
            name=alarm.name,
            subject=recorded.stream_id,
            fire_at=alarm.at,
            stage=alarm.stage,
        )
