"""A term of 2013 in New York that may be renewed, and the facts that may happen to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.renewals.domain.opportunity import OPPORTUNITY, opportunity_id
from services.renewals.domain.opportunity.commands import (
    CloseCancelled,
    CloseLost,
    CloseUnanswered,
    LogContact,
    OpenOpportunity,
    RecordQuote,
    TrackTerm,
    WinOpportunity,
)
from services.renewals.domain.opportunity.state import Opportunity
from services.renewals.domain.opportunity.term import ExpiringTerm
from services.renewals.domain.opportunity.value import RenewalValue
from services.renewals.domain.policy import PolicyTerms, PolicyVersion
from shared.money import Money

NEW_YORK = "America/New_York"
SUBSCRIPTION, CUSTOMER, QUOTE, SUCCESSOR, CONTACT = (UUID(int=n) for n in range(1, 6))
STREAM = opportunity_id(SUBSCRIPTION, 1)

TERMS = PolicyTerms(
    open_days=90,
    grace_days=14,
    reinstatement_days=365,
    reinstatement_percent=Decimal(20),
    uplift_percent=Decimal(4),
)
TERM = ExpiringTerm(
    subscription_id=SUBSCRIPTION,
    customer_id=CUSTOMER,
    customer_key="F9",
    zone=NEW_YORK,
    number=1,
    starts_on=date(2013, 1, 1),
    ends_on=date(2014, 1, 1),
    base=Money(1_800_000, "USD"),
    policy=PolicyVersion(code="standard", version=1, terms=TERMS),
    dimensions={"segment": "SMB", "region": "NA"},
)
VALUE = RenewalValue(
    prior_at_quantity=Money(1_800_000, "USD"),
    list_value=Money(1_872_000, "USD"),
    discount=Money(0, "USD"),
    upsell=Money(0, "USD"),
    cross_sell=Money(0, "USD"),
)


def local(day: str, hour: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour), ZoneInfo(NEW_YORK)).astimezone(UTC)


KNOWN, OPENS, ACCEPTED, END, SILENCE = map(
    local, ("2012-12-10", "2013-10-03", "2013-12-10", "2014-01-01", "2015-01-15")
)


def track(term: ExpiringTerm = TERM) -> TrackTerm:
    return TrackTerm(term=term, at=KNOWN)


def open_(at: datetime = OPENS, by: str | None = None) -> OpenOpportunity:
    return OpenOpportunity(at=at, by=by)


def contact(at: datetime = ACCEPTED, contact_id: UUID = CONTACT) -> LogContact:
    return LogContact(contact_id=contact_id, channel="call", by="ann", at=at)


def quote(quote_id: UUID = QUOTE) -> RecordQuote:
    return RecordQuote(quote_id=quote_id, at=OPENS)


def win(at: datetime = ACCEPTED, quote_id: UUID = QUOTE, value: RenewalValue = VALUE) -> WinOpportunity:
    return WinOpportunity(quote_id=quote_id, value=value, term_months=12, at=at)


def lose(reason: str = "budget_lost", *, successor: UUID | None = None, at: datetime = ACCEPTED) -> CloseLost:
    return CloseLost(reason=reason, by="ann", at=at, successor_subscription_id=successor)


def migrate() -> CloseLost:
    return lose("migrated_to_successor", successor=SUCCESSOR)


def cancelled(reason: str = "budget_lost", at: datetime = ACCEPTED) -> CloseCancelled:
    return CloseCancelled(reason=reason, at=at)


def silence(at: datetime = SILENCE) -> CloseUnanswered:
    return CloseUnanswered(at=at)


def events_of(*commands: Any) -> list[Any]:
    """Everything that happens when these commands come, one after the other."""
    history: list[Any] = []
    for command in commands:
        history += OPPORTUNITY.decide(OPPORTUNITY.replay(history), command)
    return history


def after(*commands: Any) -> Opportunity | None:
    return OPPORTUNITY.replay(events_of(*commands))


def given(*commands: Any) -> Callable[[Any], list[Any]]:
    return lambda command: OPPORTUNITY.decide(after(*commands), command)
