"""What a period that was told already is told anew, when its totals turn out to be others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import RevisePeriod
from services.usage.domain.usage_period.state import EventName, RevisionCause, Totals, UsagePeriod
from shared.orders import Order

MOST_NAMED = 1000  # a message has a size; the period's own list has all events


def revise(
    period: UsagePeriod, after: Totals, cause: RevisionCause, events: Sequence[EventName] = ()
) -> Iterable[Order]:
    """From what was told last, so that no listener misses a step."""
    command = RevisePeriod(before=period.totals, after=after, cause=cause, events=tuple(events[:MOST_NAMED]))
    yield Order(USAGE_PERIOD, period.terms.period_id, command)
