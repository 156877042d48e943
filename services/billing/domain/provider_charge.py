"""What a payment provider tells of one charge, in whichever order it comes: what it says is kept, and what follows from
all of it together is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from shared.decider import CorruptStream, Decider
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Who paid how much; `invoice` is the number that was meant, if one was."""

    amount: Money
    customer: str | None
    invoice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Of all that was paid where there is no `amount`."""

    reference: str
    amount: Money | None
    reason: str
    disputed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRefund:
    """`key` is the one that we asked with, where the provider tells it."""

    reference: str
    key: UUID | None
    amount: Money
    outcome: Literal["succeeded", "failed"]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TellSuccess:
    provider: str
    reference: str
    paid: Paid
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TellFailure:
    provider: str
    reference: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDispute:
    provider: str
    reference: str
    dispute: Dispute


@dataclass(frozen=True, slots=True, kw_only=True)
class TellRefund:
    """`reference` is that of the charge."""

    provider: str
    reference: str
    refund: ToldRefund


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeSucceeded:
    provider: str
    reference: str
    paid: Paid
    succeeded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFailed:
    provider: str
    reference: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDisputed:
    provider: str
    reference: str
    dispute: Dispute


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRefundTold:
    provider: str
    reference: str
    refund: ToldRefund


ProviderNews = TellSuccess | TellFailure | TellDispute | TellRefund
ChargeEvent = ChargeSucceeded | ChargeFailed | ChargeDisputed | ChargeRefundTold


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCharge:
    """The latest failure is kept: one from before the success was of an earlier attempt, one after it took the money
    back."""

    paid: Paid | None = None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""
    disputes: tuple[Dispute, ...] = ()
    refunds: tuple[ToldRefund, ...] = ()

    @property
    def taken_back(self) -> tuple[Dispute, ...]:
        """What has to be taken off the payment, once there is one."""
        if self.succeeded_at is None or self.failed_at is None or self.failed_at <= self.succeeded_at:
            return self.disputes
        failed = Dispute(reference="failed", amount=None, reason=self.failure, disputed_at=self.failed_at)
        return (*self.disputes, failed)


def charge_id(tenant_id: UUID, provider: str, reference: str) -> UUID:
    return uuid5(tenant_id, f"charge {provider} {reference}")


def decide(charge: ProviderCharge, news: ProviderNews) -> list[ChargeEvent]:
    match news:
        case TellSuccess() if charge.paid is not None:
            return []
        case TellSuccess(provider=provider, reference=reference, paid=paid, at=at):
            return [ChargeSucceeded(provider=provider, reference=reference, paid=paid, succeeded_at=at)]
        case TellFailure(at=at) if charge.failed_at is not None and at <= charge.failed_at:
            return []
        case TellFailure(provider=provider, reference=reference, reason=reason, at=at):
            return [ChargeFailed(provider=provider, reference=reference, reason=reason, failed_at=at)]
        case TellDispute(dispute=dispute) if any(known.reference == dispute.reference for known in charge.disputes):
            return []
        case TellDispute(provider=provider, reference=reference, dispute=dispute):
            return [ChargeDisputed(provider=provider, reference=reference, dispute=dispute)]
        case TellRefund(refund=refund) if refund.reference in {known.reference for known in charge.refunds}:
            return []
        case TellRefund(provider=provider, reference=reference, refund=refund):
            return [ChargeRefundTold(provider=provider, reference=reference, refund=refund)]


def evolve(charge: ProviderCharge, event: ChargeEvent) -> ProviderCharge:
    match event:
        case ChargeSucceeded(paid=paid, succeeded_at=at):
            return replace(charge, paid=paid, succeeded_at=at)
        case ChargeFailed(reason=reason, failed_at=at):
            return replace(charge, failure=reason, failed_at=at)
        case ChargeDisputed(dispute=dispute):
            return replace(charge, disputes=(*charge.disputes, dispute))
        case ChargeRefundTold(refund=refund):
            return replace(charge, refunds=(*charge.refunds, refund))
        case _:
            raise CorruptStream(charge, event)


PROVIDER_CHARGE: Decider[ProviderCharge, ProviderNews, ChargeEvent] = Decider(
    "provider_charge",
    ProviderCharge(),
    decide,
    evolve,
    {
        "charge_succeeded": ChargeSucceeded,
        "charge_failed": ChargeFailed,
        "charge_disputed": ChargeDisputed,
        "charge_refund_told": ChargeRefundTold,
    },
)
