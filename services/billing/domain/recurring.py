"""Recurring revenue: what the flat charges of the contracts that run on a day come to in a year, and how that moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.state import Subscription, days_of
from shared.errors import DomainError
from shared.periods import plus_months

Move = Literal["new", "expansion", "contraction", "churn", "paused", "resumed", "unchanged"]


class EndBeforeStart(DomainError):
    """Days are counted forward."""


# In these no service is sold, whatever the days of the last term say.
_RESTING = frozenset({"lapsed", "expired", "paused", "cancelled", "transferred", "trialing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualValue:
    """In minor units, from `starts_on` up to, not including, `ends_on`."""

    starts_on: date
    ends_on: date
    minor: int


def annual_values(subscription: Subscription) -> Iterator[AnnualValue]:
    """What `annual` says of each day, as long as nothing else happens; days that are not named come to nothing."""
    for start, end in pairwise(sorted(_days_of_change(subscription))):
        if minor := annual(subscription, start):
            yield AnnualValue(starts_on=start, ends_on=end, minor=minor)


def on(values: Iterable[AnnualValue], day: date) -> int:
    return next((value.minor for value in values if value.starts_on <= day < value.ends_on), 0)


def _days_of_change(subscription: Subscription) -> set[date]:
    lines = [*(term.line for term in subscription.terms), *(amendment.line for amendment in subscription.amendments)]
    found = {day for line in lines for day in _ramp_days(line)}
    found |= {amendment.effective_on for amendment in subscription.amendments}
    return found.union(*({term.starts_on, term.ends_on} for term in subscription.terms))


def _ramp_days(line: AgreedLine) -> Iterator[date]:
    return (plus_months(line.starts_on, phase.after_months) for phase in line.ramp)


def annual(subscription: Subscription | None, day: date) -> int:
    """In minor units; nothing where no term runs on the day. A ramp, and what was amended, count as they are on the day."""
    if subscription is None or subscription.status in _RESTING or subscription.waiting:
        return 0
    terms = [term for term in subscription.terms if day in days_of(term)]
    if not terms:
        return 0
    line = subscription.line_on(terms[-1], day).on(day)
    return subscription.flat_charges(line).annual_value().minor


def monthly(annual_minor: int) -> int:
    """A twelfth, rounded half away from zero."""
    twelfth = (2 * abs(annual_minor) + 12) // 24
    return twelfth if annual_minor >= 0 else -twelfth


def move(before: int, after: int, *, was_paused: bool = False, is_paused: bool = False) -> Move:
    """Who rests is not lost, and not new when it goes on: neither counts in rates of growth and loss."""
    if before == after:
        return "unchanged"
    if not before:
        return "resumed" if was_paused else "new"
    if not after:
        return "paused" if is_paused else "churn"
    return "expansion" if after > before else "contraction"
