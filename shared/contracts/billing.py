"""What billing tells the others. Fields are only ever added, as optional.

`ends_on` is the first day after a term, `starts_at` and `ends_at` are the same days as instants in the contract's zone.
Amounts are minor units of `currency`; `base_minor` is the flat recurring value of a year.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.messages import Contract


class CustomerChangedV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.customer_changed.v1"
    customer_id: UUID
    key: str
    name: str
    zone: str
    currency: str
    locale: str
    segment: str = ""
    region: str = ""


class PlanPublishedV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.plan_published.v1"
    plan_id: UUID
    code: str
    version: int
    features: dict[str, int | None]


class QuoteMessage(Contract, frozen=True, kw_only=True):
    quote_id: UUID
    version: int
    purpose: str
    customer_id: UUID
    customer_key: str
    subscription_id: UUID | None = None
    opportunity_id: UUID | None = None


class QuoteDraftedV1(QuoteMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.quote_drafted.v1"


class QuoteSentV1(QuoteMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.quote_sent.v1"
    valid_until: datetime


class QuoteAcceptedV1(QuoteMessage, frozen=True, kw_only=True):
    """The annual values are those of the flat recurring charges: before (`prior`), at list, and what was booked."""

    TYPE: ClassVar[str] = "billing.quote_accepted.v1"
    accepted_at: datetime
    accepted_on: date
    currency: str
    term_months: int
    prior_annual_minor: int
    list_annual_minor: int
    discount_annual_minor: int
    booked_annual_minor: int


class QuoteClosedV1(QuoteMessage, frozen=True, kw_only=True):
    """`outcome` is declined, withdrawn or expired."""

    TYPE: ClassVar[str] = "billing.quote_closed.v1"
    outcome: str


class SubscriptionMessage(Contract, frozen=True, kw_only=True):
    """All that a listener needs: the contract as it is, and the term the message is about.

    `renewal_policy` is empty where the plan names none: then nobody renews it. `quantity` is that of the plan, such as seats.
    """

    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    currency: str
    plan: str
    plan_version: int
    features: dict[str, int | None]
    term_number: int
    starts_on: date
    ends_on: date
    starts_at: datetime
    ends_at: datetime
    grace_days: int
    reinstatement_days: int
    renewal_policy: str
    renewal_policy_version: int
    base_minor: int
    quantity: int = 1


class SubscriptionCreatedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Term number 0 is a trial, without a renewal policy; `trial_converted` tells the first term. Of one that waits for a
    payment, a purchase order or an event it is told when that has come."""

    TYPE: ClassVar[str] = "billing.subscription_created.v1"


class TermStartedV1(SubscriptionMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.term_started.v1"


class TermRenewedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Extends rights, like the end of a pause and a conversion; the term is the new one, which may be back-dated."""

    TYPE: ClassVar[str] = "billing.term_renewed.v1"
    mode: str
    renewed_at: datetime
    reinstated: bool


class SubscriptionTermEndingV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Only reminds."""

    TYPE: ClassVar[str] = "billing.subscription_term_ending.v1"
    days_left: int


class NonRenewalRequestedV1(SubscriptionMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.non_renewal_requested.v1"
    reason: str
    successor_subscription_id: UUID | None = None


class NonRenewalWithdrawnV1(SubscriptionMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.non_renewal_withdrawn.v1"


class SubscriptionTermEndedV1(SubscriptionMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.subscription_term_ended.v1"
    successor_subscription_id: UUID | None = None


class SubscriptionExpiredV1(SubscriptionMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.subscription_expired.v1"


class SubscriptionCancelledV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Use ends at `cancelled_at`, in the middle of the term or before terms that were agreed; `credit` is none or
    unused_time."""

    TYPE: ClassVar[str] = "billing.subscription_cancelled.v1"
    cancelled_at: datetime
    credit: str
    reason: str


class SubscriptionAmendedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """The contract as it is from `amended_at` on, for the rest of the term; it was worth `previous_base_minor` a year."""

    TYPE: ClassVar[str] = "billing.subscription_amended.v1"
    amended_at: datetime
    effective_on: date
    previous_base_minor: int


class UsagePeriodOpenedV1(Contract, frozen=True, kw_only=True):
    """Meter these subjects from `starts_at` up to `ends_at`, and close `collect_seconds` later."""

    TYPE: ClassVar[str] = "billing.usage_period_opened.v1"
    period_id: UUID
    subscription_id: UUID
    customer_id: UUID
    charge: str
    subjects: list[str]
    meter: str
    group_by: list[str]
    starts_at: datetime
    ends_at: datetime
    collect_seconds: int


class UsagePeriodShortenedV1(Contract, frozen=True, kw_only=True):
    """Meter up to `ends_at` and no further; what starts there is none any more."""

    TYPE: ClassVar[str] = "billing.usage_period_shortened.v1"
    period_id: UUID
    subscription_id: UUID
    ends_at: datetime


class AutopayFailedV1(Contract, frozen=True, kw_only=True):
    """An attempt to charge for an invoice failed; after the `is_last` none is made by itself. An invoice that is one_off has no
    subscription."""

    TYPE: ClassVar[str] = "billing.autopay_failed.v1"
    invoice_id: UUID
    number: str
    subscription_id: UUID | None
    customer_id: UUID
    customer_key: str
    currency: str
    amount_minor: int
    attempt: int
    is_last: bool
    reason: str
    failed_at: datetime


class OverdueInvoice(msgspec.Struct, frozen=True, kw_only=True):
    invoice_id: UUID
    number: str
    due_on: date
    open_minor: int
    currency: str


class DunningStepReachedV1(Contract, frozen=True, kw_only=True):
    """`step` is reminded, warned, restricted, suspended or written_off; `invoices` are those that are overdue, oldest first,
    and of those that were written off what was lost."""

    TYPE: ClassVar[str] = "billing.dunning_step_reached.v1"
    subscription_id: UUID
    customer_id: UUID
    step: str
    reached_at: datetime
    invoices: list[OverdueInvoice]


class DunningClearedV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.dunning_cleared.v1"
    subscription_id: UUID
    customer_id: UUID
    cleared_at: datetime


class CustomerDunningStepReachedV1(Contract, frozen=True, kw_only=True):
    """Of what a customer owes beside any subscription: `step` is reminded or warned, `invoices` are overdue, oldest first."""

    TYPE: ClassVar[str] = "billing.customer_dunning_step_reached.v1"
    customer_id: UUID
    step: str
    reached_at: datetime
    invoices: list[OverdueInvoice]


class CustomerDunningClearedV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "billing.customer_dunning_cleared.v1"
    customer_id: UUID
    cleared_at: datetime
