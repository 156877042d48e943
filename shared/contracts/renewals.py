"""What renewals tells the others. Fields are only ever added, as optional. Percentages are decimals: 4 is 4 %."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from shared.messages import Contract


class RenewalPolicyPublishedV1(Contract, frozen=True, kw_only=True):
    """With `notice_days` terms renew by themselves so many days before their end, up to `price_cap_percent` dearer."""

    TYPE: ClassVar[str] = "renewals.policy_published.v1"
    policy_id: UUID
    code: str
    version: int
    open_days: int
    grace_days: int
    grace_mode: str
    reinstatement_days: int
    reinstatement_percent: Decimal
    uplift_percent: Decimal
    notice_days: int | None = None
    price_cap_percent: Decimal | None = None


class OpportunityMessage(Contract, frozen=True, kw_only=True):
    """`term_number` is the term that ends; `due_on` its last day."""

    opportunity_id: UUID
    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    term_number: int
    due_on: date
    currency: str
    base_minor: int


class RenewalOpportunityOpenedV1(OpportunityMessage, frozen=True, kw_only=True):
    """Also asks billing for the draft of the renewal quote."""

    TYPE: ClassVar[str] = "renewals.opportunity_opened.v1"
    policy: str
    policy_version: int
    uplift_percent: Decimal


class RenewalWonV1(OpportunityMessage, frozen=True, kw_only=True):
    """`mode` is assisted, or auto: then billing has renewed it, and there may be no quote. `value_minor` is what was booked,
    of a year."""

    TYPE: ClassVar[str] = "renewals.renewal_won.v1"
    quote_id: UUID | None = None
    accepted_at: datetime
    late_days: int
    mode: str = "assisted"
    value_minor: int | None = None


class RenewalLostV1(OpportunityMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "renewals.renewal_lost.v1"
    reason: str
    reason_class: str
    quote_id: UUID | None = None


class RenewalSupersededV1(OpportunityMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "renewals.renewal_superseded.v1"
    reason: str
    successor_subscription_id: UUID | None = None
    quote_id: UUID | None = None
