"""The facts of a renewal; the outcomes carry all that billing needs to act on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.renewals.domain.opportunity.term import ExpiringTerm
from services.renewals.domain.opportunity.value import RenewalMode, RenewalValue
from services.renewals.domain.reasons import Addressable, ChurnClass
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTracked:
    term: ExpiringTerm
    opens_at: datetime
    unanswered_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalOpportunityOpened:
    """From here on the base of `term` is frozen, and so are the dimensions that metrics are cut by."""

    term: ExpiringTerm
    due_on: date
    motion: Literal["assisted"] = "assisted"
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalBaseAdjusted:
    """The base that was frozen, and what an amendment in the term made of it."""

    before: Money
    base: Money
    reason: Literal["amended"] = "amended"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalQuoteStale:
    """The quote was made for what the subscription was before: it has to be revised."""

    quote_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPostponed:
    """The term ends later than was known when the opportunity was opened, or on the same day in another `zone`; all days that
    follow from its end move along. One that our clock had lost by then is open again."""

    ends_on: date
    due_on: date
    unanswered_at: datetime
    at: datetime
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalContacted:
    """`days_in_advance` counts from the local day of the contact to the due day; negative is too late. `cost` is what
    the contact cost us, where that is known."""

    contact_id: UUID
    channel: str
    days_in_advance: int
    by: str
    at: datetime
    cost: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalQuotePrepared:
    quote_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalWon:
    """`decided_on` is the local day of acceptance; `term_number` is that of the term which ended."""

    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    term_number: int
    due_on: date
    quote_id: UUID | None
    base: Money
    value: RenewalValue
    like_for_like: Money
    booked: Money
    term_months: int
    decided_on: date
    on_time: bool
    late_days: int
    at: datetime
    mode: RenewalMode = "assisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalLost:
    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    term_number: int
    due_on: date
    quote_id: UUID | None
    base: Money
    reason: str
    churn_class: ChurnClass
    addressable: Addressable
    decided_on: date
    by: str | None
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSuperseded:
    """The value goes on elsewhere, perhaps with another customer: neither won nor lost."""

    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    term_number: int
    due_on: date
    quote_id: UUID | None
    base: Money
    reason: str
    successor_subscription_id: UUID | None
    successor_customer_id: UUID | None
    decided_on: date
    by: str
    note: str | None
    at: datetime


OpportunityEvent = (
    TermTracked
    | RenewalOpportunityOpened
    | RenewalBaseAdjusted
    | RenewalPostponed
    | RenewalQuoteStale
    | RenewalContacted
    | RenewalQuotePrepared
    | RenewalWon
    | RenewalLost
    | RenewalSuperseded
)
