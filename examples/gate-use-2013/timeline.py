"""The slices of the year: months or days, cut at every instant of the story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass
class Slice:
    """The clock is moved to `end`; then comes what the story says of that instant."""

    end: datetime
    chapters: list[dict[str, Any]] = field(default_factory=list)
    is_payday: bool = False


def slices(story: dict[str, Any], zone: ZoneInfo, *, daily: bool) -> list[Slice]:
    cuts = {end: Slice(end) for end in _ends(story, zone, daily=daily)}
    for at in _paydays(story, zone):
        cuts.setdefault(at, Slice(at)).is_payday = True
    for chapter in story["chapters"]:
        at = _instant(chapter["at"], zone)
        cuts.setdefault(at, Slice(at)).chapters.append(chapter)
    return sorted(cuts.values(), key=lambda cut: cut.end)


def begins_at(story: dict[str, Any], zone: ZoneInfo) -> datetime:
    return _instant(story["begins_at"], zone)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def _ends(story: dict[str, Any], zone: ZoneInfo, *, daily: bool) -> Iterator[datetime]:
    """The last second of each month or day of flights, and the end of the story."""
    day, last = date.fromisoformat(story["flights_from"]), date.fromisoformat(story["flights_to"])
    while day < last:
        following = day + timedelta(days=1) if daily else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield datetime.combine(following, time(), zone) - timedelta(seconds=1)
        day = following
    yield _instant(story["ends_at"], zone)


def _paydays(story: dict[str, Any], zone: ZoneInfo) -> Iterator[datetime]:
    payday = story["payday"]
    at, last = _instant(payday["from"], zone), _instant(payday["to"], zone)
    while at <= last:
        yield at
        following = (at.replace(day=1) + timedelta(days=32)).replace(day=payday["day"])
        at = following
