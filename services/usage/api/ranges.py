"""What questions about any range of time have in common: the range, whose events, and of which values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import StringConstraints

from services.usage.domain.windows import Windows, WindowSize, windows
from shared.http.fields import Instant
from shared.http.pages import Page, cursor_of
from shared.http.problems import Problem

MOST_NAMES = 100

SubjectText = Annotated[str, StringConstraints(min_length=1, max_length=256)]
GroupName = Annotated[str, StringConstraints(min_length=1, max_length=63)]
FilterText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*:", max_length=320)]
Zone = Annotated[str, Query(alias="tz", max_length=64)]
Subjects = Annotated[list[SubjectText], Query(alias="subject", max_length=MOST_NAMES)]


@dataclass(frozen=True, slots=True)
class Bounds:
    starts_at: datetime
    ends_at: datetime
    zone: str

    def windows(self, size: WindowSize | None = None) -> Windows:
        return windows(self.starts_at, self.ends_at, size, self.zone)


async def _bounds(from_: Annotated[Instant, Query(alias="from")], to: Instant, zone: Zone = "UTC") -> Bounds:
    return Bounds(from_, to, zone)


BoundsQuery = Annotated[Bounds, Depends(_bounds)]


async def _filters(
    filter_: Annotated[list[FilterText] | None, Query(alias="filter", max_length=MOST_NAMES)] = None,
) -> dict[str, list[str]]:
    """`name:value`; the values of one name are alternatives."""
    found: dict[str, list[str]] = {}
    for text in filter_ or ():
        name, _, value = text.partition(":")
        found.setdefault(name, []).append(value)
    return found


FiltersQuery = Annotated[dict[str, list[str]], Depends(_filters)]


def cursor_at(next_start: datetime | None) -> str | None:
    """A page goes on with the window that begins there."""
    return None if next_start is None else cursor_of(next_start.isoformat())


def start_of(windows: Windows, page: Page) -> datetime:
    if page.after is None:
        return windows.starts_at
    start = _instant(page.after)
    if start is None or not windows.has_start(start):
        raise Problem(400, "malformed_cursor", "cursor must be the next_cursor of an earlier answer to this question")
    return start


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant
