"""The window of use: the instants at which a term starts, ends, leaves grace and can no longer be reinstated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from shared.periods import local_day, start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The local days `[starts_on, ends_on)` that a customer bought, and what is allowed after them."""

    number: int
    starts_on: date
    ends_on: date
    grace_days: int
    reinstatement_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`starts_at` is the start of the first term: a renewal moves the other instants and leaves no gap."""

    term_number: int
    starts_at: datetime
    ends_at: datetime
    grace_until: datetime
    reinstatable_until: datetime


def window_of(term: Term, zone: str) -> Window:
    """The instants of a term's days in the contract's zone; days are counted on the calendar, never as 24 hours.

    Grace is over at the start of day `ends_on + grace_days`, the reinstatement window `reinstatement_days` later.
    """
    grace_ends_on = term.ends_on + timedelta(days=term.grace_days)
    return Window(
        term_number=term.number,
        starts_at=start_of_day(term.starts_on, zone),
        ends_at=start_of_day(term.ends_on, zone),
        grace_until=start_of_day(grace_ends_on, zone),
        reinstatable_until=start_of_day(grace_ends_on + timedelta(days=term.reinstatement_days), zone),
    )


def moved(window: Window, before: str, zone: str) -> Window:
    """The same days in another zone; what has begun has begun."""

    def there(instant: datetime) -> datetime:
        return start_of_day(local_day(instant, before), zone)

    return replace(
        window,
        ends_at=there(window.ends_at),
        grace_until=there(window.grace_until),
        reinstatable_until=there(window.reinstatable_until),
    )


def extended(window: Window, term: Term, zone: str) -> Window:
    """The same window up to the end of a later term."""
    return replace(window_of(term, zone), starts_at=window.starts_at)
