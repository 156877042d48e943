"""What a meter says of whole hours, from what is rolled up; of the pieces of hours at the ends of a range, from events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection

from services.usage.domain.aggregation import ROLLED
from services.usage.domain.meter_query import SUBJECT, WindowTotals, names_of
from services.usage.domain.tally import PeriodTally, Tally
from services.usage.domain.windows import Window
from services.usage.metering.archived import Archived
from services.usage.metering.rollups import HOUR_SECONDS, hour_at, hour_of, rolled_groups
from services.usage.projections import meter_query
from services.usage.projections.meter_query import MOST_READ, MOST_TOTALS, MeterQuestion, TooManyEvents, WindowPage
from services.usage.projections.meters import MeterVersion

WINDOWS_AT_ONCE = 500

Source = Literal["rollups", "events"]


@dataclass(frozen=True, slots=True)
class RolledQuestion:
    """A question in words of the roll-ups, too: the names to group by, and the values that groups may have."""

    question: MeterQuestion
    meter: MeterVersion
    group_by: Sequence[str]
    filters: Mapping[str, Sequence[str]]


def totals_of_windows(
    tx: Connection, asked: RolledQuestion, start: datetime, limit: int, *, most_read: int = MOST_READ
) -> tuple[WindowPage, Source]:
    """As `meter_query.totals_of_windows`, and what was read for it. Raises TooManyEvents, Archived."""
    if _is_rolled(tx, asked, start):
        page = _page(tx, asked, start, limit, most_read)
        if page is not None:
            return page, "rollups"
    return meter_query.totals_of_windows(tx, asked.question, start, limit, most_read=most_read), "events"


def _is_rolled(tx: Connection, asked: RolledQuestion, start: datetime) -> bool:
    """Of named subjects, by windows that hours may make up, once all that was stored before is taken over; not of hours
    whose events were archived before the meter was rolled up."""
    question = asked.question
    if question.meter.aggregation not in ROLLED or not question.subjects or question.windows.size == "minute":
        return False
    named = {"tenant": question.tenant_id, "meter": asked.meter.slug, "version": asked.meter.version}
    named["start"] = start
    return tx.exec_driver_sql(_IS_ROLLED, named).first() is not None


def _page(tx: Connection, asked: RolledQuestion, start: datetime, limit: int, most_read: int) -> WindowPage | None:
    """None where a window begins within an hour: zones with half of them."""
    found: list[WindowTotals] = []
    totals, coming = 0, asked.question.windows.since(start)
    while windows := list(islice(coming, WINDOWS_AT_ONCE)):
        if any(window.starts_at.timestamp() % HOUR_SECONDS for window in windows if window.starts_at != start):
            return None
        complete = _read(tx, asked, windows, most_read)
        for tally in complete:
            if tally.groups and (len(found) == limit or totals >= MOST_TOTALS):
                return WindowPage(found, found[-1].window.ends_at)
            if tally.groups:
                found.append(WindowTotals(Window(tally.starts_at, tally.ends_at), tally.totals()))
                totals += len(tally.groups)
        if len(complete) < len(windows):
            return WindowPage(found, complete[-1].ends_at)
    return WindowPage(found, None)


def _read(tx: Connection, asked: RolledQuestion, windows: Sequence[Window], most_read: int) -> list[PeriodTally]:
    """The first of the windows, as many as can be read at once."""
    tallies = [PeriodTally(asked.question.meter, window.starts_at, window.ends_at) for window in windows]
    starts_at, ends_at = windows[0].starts_at, windows[-1].ends_at
    first = min(hour_at(-(-starts_at.timestamp() // HOUR_SECONDS)), ends_at)
    end = max(hour_at(hour_of(ends_at)), first)
    for piece in ((starts_at, first, "/from"), (end, ends_at, "/to")):
        if piece[0] < piece[1]:
            _read_piece(tx, asked, tallies, piece, most_read)
    rows = _rows(tx, asked, windows, first, end, most_read + 1)
    longest = asked.question.meter.longest
    names = _Names(asked, {name: names_of(values, longest) for name, values in asked.filters.items()})
    for row in rows[:most_read]:
        group = names.asked(row.subject, row.group_key)
        if group is not None:
            tallies[row.number - 1].merge(group, _tally(asked, row))
    complete = len(tallies) if len(rows) <= most_read else rows[-1].number - 1
    if not complete:
        raise TooManyEvents(
            "a window has too many groups: ask for shorter ones, or for fewer subjects", field="/window"
        )
    return tallies[:complete]


def _read_piece(
    tx: Connection,
    asked: RolledQuestion,
    tallies: Sequence[PeriodTally],
    piece: tuple[datetime, datetime, str],
    most_read: int,
) -> None:
    starts_at, ends_at, side = piece
    meter, starts = asked.question.meter, [tally.starts_at for tally in tallies]
    try:
        for key, time, data in meter_query.events_of(tx, asked.question, starts_at, ends_at, most_read):
            if meter.matches(data):
                tallies[bisect_right(starts, time) - 1].add(key, time, data)
    except meter_query.EnoughRead:
        raise TooManyEvents(
            f"the hour at this end has more than {most_read} events: ask for whole hours", field=side
        ) from None
    except Archived as error:
        raise Archived(f"{error}, or ask for whole hours", field=side) from None


def _rows(
    tx: Connection, asked: RolledQuestion, windows: Sequence[Window], first: datetime, end: datetime, size: int
) -> Sequence[Any]:
    """By window, numbered from 1, and by what tells groups apart."""
    if first >= end:
        return []
    named = {
        "tenant": asked.question.tenant_id,
        "meter": asked.meter.slug,
        "version": asked.meter.version,
        "subjects": sorted(set(asked.question.subjects)),
        "by_subject": SUBJECT in asked.group_by,
        "starts": [window.starts_at for window in windows],
        "first": first,
        "end": end,
        "size": size,
    }
    return tx.exec_driver_sql(_LATEST if asked.question.meter.aggregation == "latest" else _SUMS, named).all()


def _tally(asked: RolledQuestion, row: Any) -> Tally:
    aggregation = asked.question.meter.aggregation
    quantity = row.least if aggregation == "min" else row.greatest if aggregation == "max" else row.quantity
    latest = None if row.latest_at is None else (row.latest_at, int(row.latest_key))
    return Tally(aggregation, quantity, int(row.event_count), int(row.key_sum), latest)


@dataclass(slots=True)
class _Names:
    """From the groups that are rolled up to those that were asked for; many hours have the same."""

    of: RolledQuestion
    allowed: Mapping[str, frozenset[str]]
    known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def asked(self, subject: str, group_key: str) -> str | None:
        """None for a group that the filters leave out."""
        name = subject, group_key
        if name not in self.known:
            self.known[name] = self._asked(subject, group_key)
        return self.known[name]

    def _asked(self, subject: str, group_key: str) -> str | None:
        values = dict(self._values(group_key))
        if any(values[name] not in allowed for name, allowed in self.allowed.items()):
            return None
        texts = [subject if name == SUBJECT else values[name] for name in self.of.group_by]
        if len(texts) < 2:
            return texts[0] if texts else ""
        return msgspec.json.encode(texts).decode()

    def _values(self, group_key: str) -> Iterator[tuple[str, str]]:
        names = rolled_groups(self.of.meter.definition)
        values = msgspec.json.decode(group_key, type=list[str]) if len(names) > 1 else [group_key]
        return zip(names, values, strict=False)  # without names there is one value, which says nothing


_IS_ROLLED = """
SELECT FROM usage_rolled_meters
WHERE tenant_id = %(tenant)s AND meter = %(meter)s AND meter_version = %(version)s AND done_position >= until_position
  AND coalesce(complete_from <= %(start)s, true)"""

_HOURS = """
SELECT width_bucket(hour_at, %(starts)s::timestamptz[]) AS number,
  CASE WHEN %(by_subject)s THEN subject ELSE '' END AS subject, group_key,
  sum(event_count) AS event_count, sum(key_sum) AS key_sum, """

_OF = """
FROM usage_rollups
WHERE tenant_id = %(tenant)s AND meter = %(meter)s AND meter_version = %(version)s AND subject = ANY(%(subjects)s)
  AND hour_at >= %(first)s AND hour_at < %(end)s
GROUP BY 1, 2, 3 ORDER BY 1 LIMIT %(size)s"""

_SUMS = f"""{_HOURS}
  sum(quantity) AS quantity, min(quantity) AS least, max(quantity) AS greatest, NULL AS latest_at, NULL AS latest_key
{_OF}"""

_LATEST = f"""{_HOURS} max(latest_at) AS latest_at,
  (array_agg(latest_key ORDER BY latest_at DESC, latest_key DESC))[1] AS latest_key,
  (array_agg(quantity ORDER BY latest_at DESC, latest_key DESC))[1] AS quantity
{_OF}"""
