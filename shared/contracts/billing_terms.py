"""What billing tells of subscriptions that are tried, rest for a while, renew by themselves, or go over to somebody else.

Fields are only ever added, as optional."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.billing import SubscriptionMessage


class TrialEndingV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Only reminds, once, unless it was converted before; with `converts` the first term follows by itself."""

    TYPE: ClassVar[str] = "billing.trial_ending.v1"
    days_left: int
    converts: bool


class TrialConvertedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """A trial, which was told as term number 0, goes on as the first term; rights are extended to its end."""

    TYPE: ClassVar[str] = "billing.trial_converted.v1"
    converted_at: datetime


class TrialEndedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Nobody went on from it."""

    TYPE: ClassVar[str] = "billing.trial_ended.v1"
    ended_at: datetime


class SubscriptionPausedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """Nothing may be used, and nothing is charged for, from `paused_at` until it is resumed, at the start of `until` at the
    latest."""

    TYPE: ClassVar[str] = "billing.subscription_paused.v1"
    paused_at: datetime
    until: date
    reason: str


class SubscriptionResumedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """`extended_from` is the end that the term had, where the days of the pause were added to it."""

    TYPE: ClassVar[str] = "billing.subscription_resumed.v1"
    resumed_at: datetime
    extended_from: date | None = None


class LegalNoticeRecordedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """There is proof that the customer was told that the term will renew by itself."""

    TYPE: ClassVar[str] = "billing.legal_notice_recorded.v1"
    sent_at: datetime
    channel: str
    reference: str


class AutoRenewalRefusedV1(SubscriptionMessage, frozen=True, kw_only=True):
    """The term was to renew by itself and does not: `reason` is no_legal_notice, price_above_cap or transferred. Somebody has
    to see to it."""

    TYPE: ClassVar[str] = "billing.auto_renewal_refused.v1"
    reason: str


class SubscriptionTransferredV1(SubscriptionMessage, frozen=True, kw_only=True):
    """From `transferred_at` on the contract is another customer's, and goes on as another subscription, which is told of like
    any other; the term is the one that is cut."""

    TYPE: ClassVar[str] = "billing.subscription_transferred.v1"
    transferred_at: datetime
    to_customer_id: UUID
    to_customer_key: str
    to_subscription_id: UUID
