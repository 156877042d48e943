"""When revenue is earned: by day over the days of a line, on delivery, or at once.

On delivery is on the last day of a line; what a draft was given besides is of the billing day, and so earned with it.

By day means cumulatively: what is earned up to a day is the exact share of the days, rounded half away from zero. So
the stretches of a line add up to it to the minor unit, and a line that takes it back mirrors each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.billing.domain.invoice_line import InvoiceLine, LineKind
from shared.money import Money
from shared.periods import Days, calendar_anchor, plus_months

Policy = Literal["by_day", "on_delivery", "at_once"]

POLICIES: dict[LineKind, Policy] = {
    "flat": "by_day",
    "usage": "on_delivery",
    "progressive": "on_delivery",
    "true_up": "on_delivery",
    "reinstatement": "at_once",
    "late_fee": "at_once",
    "one_off": "on_delivery",
}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the days over which `total` is earned evenly; `amount` is what is earned in it. Nothing is earned before
    the day `known_on` of the document, and all of it by its own last day."""

    total: Money
    over: Days
    days: Days
    known_on: date

    @property
    def earned_on(self) -> date:
        return max(self.days.end - DAY, self.known_on)

    @property
    def amount(self) -> Money:
        return earned(self.total, self.over, self.days.end) - earned(self.total, self.over, self.days.start)


def earned(total: Money, over: Days, until: date) -> Money:
    """What is earned before the day `until`, of what is earned evenly over some days."""
    days = min(max((until - over.start).days, 0), len(over))
    part, doubled = abs(total.minor) * days, 2 * len(over)
    rounded = (2 * part + len(over)) // doubled
    return Money(rounded if total.minor >= 0 else -rounded, total.currency)


def stretches(line: InvoiceLine, amount: Money, on: date) -> tuple[Stretch, ...]:
    """How an amount that a document of the day `on` carries for a line is earned, by month: none if all of it is earned
    by the end of that day. What was earned in days before is caught up in the month of the document."""
    over = _days(line)
    return () if over is None else _stretches(amount, over, over, on)


def unused_stretches(line: InvoiceLine, from_day: date, on: date) -> tuple[Stretch, ...]:
    """What of a line is earned in its days from one on, by month, as far as it is not earned by the day `on` of a document:
    a document that takes these days back leaves nothing deferred for them, to the minor unit."""
    over = _days(line)
    return () if over is None else _stretches(line.amount, over, Days(max(from_day, over.start), over.end), on)


def used_stretches(line: InvoiceLine, until: date, on: date) -> tuple[Stretch, ...]:
    """How a line is earned whose days from one on were credited before: none of it is deferred to these."""
    over = _days(line)
    if over is None or until <= max(over.start, on + DAY):
        return ()
    return _stretches(line.amount, over, Days(over.start, min(until, over.end)), on)


def _stretches(amount: Money, over: Days, part: Days, on: date) -> tuple[Stretch, ...]:
    """None where all of it is earned by the end of the day `on`."""
    if over.end <= on + DAY:
        return ()
    return tuple(Stretch(amount, over, days, on) for days in _by_month(part, on))


def _days(line: InvoiceLine) -> Days | None:
    match POLICIES[line.kind]:
        case "by_day":
            return Days(line.starts_on, line.ends_on)
        case "on_delivery":
            return Days(line.ends_on - DAY, line.ends_on)
        case "at_once":
            return None


def _by_month(part: Days, on: date) -> Iterator[Days]:
    start = part.start
    while start < part.end:
        end = min(next_month(max(start, on)), part.end)
        yield Days(start, end)
        start = end


def next_month(day: date) -> date:
    """The first day of the month after that of a day."""
    return plus_months(calendar_anchor(day, "month"), 1)
