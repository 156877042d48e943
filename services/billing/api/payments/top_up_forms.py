"""How the rules that top wallets up look at the API. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from services.billing.api.invoices.credit_forms import WalletId
from services.billing.api.payments.payment_forms import Minor, PaymentId, Reason
from services.billing.domain.top_up.events import (
    CreditPurchaseRequested,
    StoppedFor,
    TopUpEvent,
    TopUpHeld,
    TopUpRule,
    TopUpStopped,
)
from services.billing.domain.top_up.state import TopUp, TopUpStatus
from shared.ids import prefixed
from shared.money import Money

PurchaseId = Annotated[UUID, prefixed("pur")]


class RuleForm(BaseModel):
    """When less than `threshold_minor` is left, `amount_minor` is bought, which is no less than that: `most_in_month` times in
    a month of the customer's zone, and for `limit_minor` in all until the rule is set again. What is bought is kept for
    `keep_days`, or without an end."""

    model_config = ConfigDict(extra="forbid")
    threshold_minor: Minor
    amount_minor: Minor
    most_in_month: Annotated[int, Field(ge=1, le=31, strict=True)]
    limit_minor: Minor
    keep_days: Annotated[int, Field(ge=1, le=3660, strict=True)] | None = None

    def rule(self, currency: str) -> TopUpRule:
        return TopUpRule(
            threshold=Money(self.threshold_minor, currency),
            amount=Money(self.amount_minor, currency),
            most_in_month=self.most_in_month,
            limit=Money(self.limit_minor, currency),
            keep_days=self.keep_days,
        )


class TopUpIn(RuleForm):
    reason: Reason


class SwitchedOffIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class TopUpOut(RuleForm):
    """`active` buys; `held` has bought as often as it may in a month, and goes on at `held_until`; `stopped` buys nothing until
    somebody sets it again, `stopped_for` says why; `off` was switched off. `reason` is of the last change, and `by` is who
    made it, or nobody. `spent_minor` counts since the rule was set. `pending` is the purchase that waits for the provider."""

    wallet_id: WalletId
    customer: str
    status: TopUpStatus
    stopped_for: StoppedFor | None
    held_until: datetime | None
    reason: str
    by: str
    currency: str
    spent_minor: int
    pending: PurchaseId | None
    version: int


class TopUpPreviewOut(BaseModel):
    """What would happen at once: `balance_minor` can be used, and `buys_minor` would be charged. Where nothing is bought
    though the balance is low, `status` and `stopped_for` say why."""

    balance_minor: int
    currency: str
    is_below: bool
    buys_minor: int
    provider: str | None
    status: TopUpStatus
    stopped_for: StoppedFor | None
    held_until: datetime | None
    pending: PurchaseId | None


class ReceiptOut(BaseModel):
    """That credit was bought, without tax, which is due when it is used. Numbers have no gaps within a legal entity."""

    number: str
    legal_entity: str
    issued_on: date


class PurchaseOut(BaseModel):
    """What it bought is in the wallet `bought`. `left_minor` is what was left when it was asked for, and `reference` the
    provider's name of the charge; of a `pending` one a webhook tells the rest."""

    purchase_id: PurchaseId
    wallet_id: WalletId
    bought: WalletId | None
    customer: str
    number: int
    status: Literal["requested", "pending", "succeeded", "failed"]
    provider: str
    reference: str | None
    reason: str | None
    payment_id: PaymentId | None
    amount_minor: int
    left_minor: int
    currency: str
    requested_at: datetime
    receipt: ReceiptOut | None


def top_up_out(row: RowMapping, state: TopUp) -> TopUpOut:
    told, rule = row["top_up"], state.rule
    return TopUpOut(
        wallet_id=row["wallet_id"],
        customer=row["customer_key"],
        status=row["status"],
        stopped_for=told["stopped_for"] if row["status"] == "stopped" else None,
        held_until=told["held_until"] if row["status"] == "held" else None,
        reason=told["reason"],
        by=told["by"],
        currency=rule.amount.currency,
        threshold_minor=rule.threshold.minor,
        amount_minor=rule.amount.minor,
        most_in_month=rule.most_in_month,
        limit_minor=rule.limit.minor,
        keep_days=rule.keep_days,
        spent_minor=state.spent.minor,
        pending=_pending(state),
        version=row["version"],
    )


def preview_out(state: TopUp, balance: Money, events: list[TopUpEvent]) -> TopUpPreviewOut:
    bought = next((event.purchase for event in events if isinstance(event, CreditPurchaseRequested)), None)
    stopped = next((event for event in events if isinstance(event, TopUpStopped)), None)
    held = next((event for event in events if isinstance(event, TopUpHeld)), None)
    return TopUpPreviewOut(
        balance_minor=balance.minor,
        currency=balance.currency,
        is_below=not state.rule.threshold <= balance,
        buys_minor=bought.amount.minor if bought else 0,
        provider=bought.method.provider if bought else None,
        status="stopped" if stopped else "held" if held else state.status,
        stopped_for=stopped.stopped_for if stopped else None,
        held_until=held.until if held else None,
        pending=_pending(state),
    )


def _pending(state: TopUp) -> UUID | None:
    return state.under_way.key if state.under_way else None


def purchase_out(receipts: dict[str, dict[str, Any]], row: RowMapping) -> PurchaseOut:
    told: dict[str, Any] = {name: row[name] for name in PurchaseOut.model_fields if name in row}
    bought = row["purchase_id"] if row["status"] == "succeeded" else None
    receipt = receipts.get(str(row["purchase_id"]))
    return PurchaseOut(**told, customer=row["customer_key"], bought=bought, receipt=receipt and ReceiptOut(**receipt))
