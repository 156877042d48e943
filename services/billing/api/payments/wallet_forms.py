"""How wallets look at the API. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from services.billing.api.amounts import PlainDecimal
from services.billing.api.catalogue.plan_forms import Code
from services.billing.api.invoices.credit_forms import PaidLineOut, WalletId
from services.billing.api.invoices.invoice_forms import CustomerId, InvoiceId
from services.billing.api.payments.payment_forms import Currency, Minor, PaymentId, Reason
from services.billing.domain.wallet.state import WalletStatus
from shared.http.fields import Day

MovementKind = Literal["grant", "drawdown", "restoration", "expiry", "revocation", "rollover", "receipt"]


class WalletIn(BaseModel):
    """Credit that is paid for names the `payment_id` whose unapplied money buys it; other credit is `promotional`. Lower
    `priority` is drawn first. `expires_on` is the first day on which it is worth nothing. With `charges` it pays lines of
    these only, without their tax."""

    model_config = ConfigDict(extra="forbid")
    customer: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    amount_minor: Minor
    currency: Currency
    promotional: Annotated[bool, Field(strict=True)] = False
    payment_id: PaymentId | None = None
    priority: Annotated[int, Field(ge=0, le=999, strict=True)] = 50
    expires_on: Day | None = None
    charges: Annotated[list[Code], Field(max_length=200)] = Field(default_factory=list)
    reason: Reason


class RevokeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class RolloverOut(BaseModel):
    """Of what is left when it expires `percent`, at most `limit_minor`, goes to the wallet of the period that runs then."""

    percent: PlainDecimal
    limit_minor: int | None


class WalletOut(BaseModel):
    """granted + received = balance + drawn + expired + revoked + rolled over; `drawn_minor` is less what void and credited
    invoices gave back. Credit that a charge includes names the `invoice_id` that charged for it, and pays what is priced in
    units of `credit` for days from `covers_from` up to `covers_to`."""

    wallet_id: WalletId
    customer_id: CustomerId
    customer: str
    name: str
    status: WalletStatus
    promotional: bool
    payment_id: PaymentId | None
    invoice_id: InvoiceId | None
    currency: str
    granted_minor: int
    balance_minor: int
    drawn_minor: int
    expired_minor: int
    revoked_minor: int
    rolled_over_minor: int
    received_minor: int
    priority: int
    granted_on: date
    expires_on: date | None
    charges: list[str]
    credit: str | None
    covers_from: date | None
    covers_to: date | None
    rollover: RolloverOut | None
    reason: str
    version: int


class MovementOut(BaseModel):
    """`amount_minor` is how the balance changed, and `balance_minor` what it was then. `document` is the credit note that
    restored it, or `void`; `wallet_id` the other one of what rolled over."""

    kind: MovementKind
    on: date
    amount_minor: int
    balance_minor: int
    invoice_id: InvoiceId | None
    invoice: str | None = None
    lines: list[PaidLineOut] = Field(default_factory=list)
    document: str | None = None
    wallet_id: WalletId | None = None
    reason: str | None = None


_SAME = (
    "wallet_id",
    "customer_id",
    "name",
    "status",
    "promotional",
    "currency",
    "granted_minor",
    "balance_minor",
    "drawn_minor",
    "expired_minor",
    "revoked_minor",
    "rolled_over_minor",
    "received_minor",
    "version",
)


_TERMS = ("priority", "expires_on", "charges", "credit", "covers_from", "covers_to")


def wallet_out(row: RowMapping | dict[str, Any]) -> WalletOut:
    told = row["wallet"]
    terms, payment_id, invoice_id = told["terms"], told["payment_id"], told.get("invoice_id")
    return WalletOut(
        **{name: row[name] for name in _SAME},
        **{name: terms.get(name) for name in _TERMS},
        rollover=_rollover(terms.get("rollover")),
        customer=row["customer_key"],
        payment_id=payment_id and UUID(payment_id),
        invoice_id=invoice_id and UUID(invoice_id),
        granted_on=told["granted_on"],
        reason=told["reason"],
    )


def _rollover(stored: dict[str, Any] | None) -> RolloverOut | None:
    if stored is None:
        return None
    limit = stored["limit"]
    return RolloverOut(percent=stored["percent"], limit_minor=limit and limit["minor"])


def movement_out(row: RowMapping) -> MovementOut:
    same = {name: row[name] for name in ("kind", "amount_minor", "balance_minor", "invoice_id")}
    told = row["movement"]
    other = {"wallet_id": UUID(told["wallet_id"])} if "wallet_id" in told else {}
    return MovementOut(**same, **told | other, on=row["moved_on"])
