"""The term that is about to end: what an opportunity is about, and the days that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.renewals.domain.policy import PolicyVersion
from shared.money import Money
from shared.periods import start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringTerm:
    """The local days `[starts_on, ends_on)` of one subscription's term number `number`.

    `base` is the annualised value of its flat recurring charges; usage and minimum commitments do not count.
    `dimensions` are what the metrics can be cut by, such as segment and region.
    """

    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    number: int
    starts_on: date
    ends_on: date
    base: Money
    policy: PolicyVersion
    dimensions: dict[str, str]


def due_on(term: ExpiringTerm) -> date:
    """The last day of the term: the day by which a renewal is on time."""
    return term.ends_on - timedelta(days=1)


def opens_at(term: ExpiringTerm) -> datetime:
    """Start of the local day `open_days` before the exclusive end."""
    return start_of_day(term.ends_on - timedelta(days=term.policy.terms.open_days), term.zone)


def unanswered_at(term: ExpiringTerm) -> datetime:
    """The instant after the due day plus grace plus the reinstatement window: silence becomes a loss."""
    days = term.policy.terms.grace_days + term.policy.terms.reinstatement_days
    return start_of_day(term.ends_on + timedelta(days=days), term.zone)
