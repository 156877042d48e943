"""The orders an opportunity takes; `at` is the time of the fact that causes them, never of their delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.renewals.domain.opportunity.term import ExpiringTerm
from services.renewals.domain.opportunity.value import RenewalMode, RenewalValue


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackTerm:
    term: ExpiringTerm
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendTerm:
    """The subscription was amended: the term as it is from now on."""

    term: ExpiringTerm
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendTerm:
    """The subscription was paused, and its term ends later."""

    term: ExpiringTerm
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOpportunity:
    """Without `by` it is the clock that opens, and never before the day; a person may open earlier. `dimensions` are those
    of the customer, which are frozen with the base."""

    at: datetime
    by: str | None = None
    dimensions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogContact:
    """`cost_minor` is in the currency of the term's base."""

    contact_id: UUID
    channel: str
    by: str
    at: datetime
    cost_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuote:
    quote_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WinOpportunity:
    """The customer accepted in billing at `at`; with mode auto the term was renewed by itself, without a quote."""

    quote_id: UUID | None
    value: RenewalValue
    term_months: int
    at: datetime
    mode: RenewalMode = "assisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseLost:
    reason: str
    by: str
    at: datetime
    note: str | None = None
    successor_subscription_id: UUID | None = None
    successor_customer_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseUnanswered:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCancelled:
    """The subscription ended before its term did; `reason` is what was said there."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTransferred:
    """The subscription goes on as another customer's, and is renewed there."""

    successor_subscription_id: UUID
    successor_customer_id: UUID
    at: datetime


OpportunityCommand = (
    TrackTerm
    | AmendTerm
    | ExtendTerm
    | OpenOpportunity
    | LogContact
    | RecordQuote
    | WinOpportunity
    | CloseLost
    | CloseUnanswered
    | CloseCancelled
    | CloseTransferred
)
