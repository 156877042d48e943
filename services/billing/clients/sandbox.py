"""The provider `test`: it moves no money, and what becomes of a charge is said by the token of its payment method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from services.billing.clients.payment_provider import (
    ChargeAnswer,
    ChargeRequest,
    MalformedNews,
    ProviderAway,
    RefundAnswer,
    RefundRequest,
)
from services.billing.domain.provider_charge import (
    Dispute,
    Paid,
    ProviderNews,
    TellDispute,
    TellFailure,
    TellRefund,
    TellSuccess,
    ToldRefund,
)
from shared.http.fields import Instant
from shared.money import Money

NAME = "test"
_KNOWN = ("charge.succeeded", "charge.failed", "charge.disputed", "refund.succeeded", "refund.failed")

_Reference = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Minor = Annotated[int, Field(gt=0, lt=10**15, strict=True)]
_Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
_Name = Annotated[str, StringConstraints(max_length=100)]
_Text = Annotated[str, StringConstraints(max_length=500)]


class _Charge(BaseModel):
    model_config = ConfigDict(extra="ignore")
    charge: _Reference


class _Succeeded(_Charge):
    amount_minor: _Minor
    currency: _Currency
    customer: _Name | None = None
    invoice: _Name | None = None


class _Failed(_Charge):
    reason: _Text = ""


class _Disputed(_Failed):
    dispute: _Reference
    amount_minor: _Minor | None = None
    currency: _Currency | None = None


class _Refunded(_Failed):
    refund: _Reference
    key: UUID | None = None
    amount_minor: _Minor
    currency: _Currency


class _Success(BaseModel):
    type: Literal["charge.succeeded"]
    timestamp: Instant
    data: _Succeeded

    def news(self) -> ProviderNews:
        data = self.data
        paid = Paid(amount=Money(data.amount_minor, data.currency), customer=data.customer, invoice=data.invoice)
        return TellSuccess(provider=NAME, reference=data.charge, paid=paid, at=self.timestamp)


class _Failure(BaseModel):
    type: Literal["charge.failed"]
    timestamp: Instant
    data: _Failed

    def news(self) -> ProviderNews:
        return TellFailure(provider=NAME, reference=self.data.charge, reason=self.data.reason, at=self.timestamp)


class _Dispute(BaseModel):
    type: Literal["charge.disputed"]
    timestamp: Instant
    data: _Disputed

    def news(self) -> ProviderNews:
        data = self.data
        is_part = data.amount_minor is not None and data.currency is not None
        dispute = Dispute(
            reference=data.dispute,
            amount=Money(data.amount_minor or 0, data.currency or "") if is_part else None,
            reason=data.reason,
            disputed_at=self.timestamp,
        )
        return TellDispute(provider=NAME, reference=data.charge, dispute=dispute)


class _Refund(BaseModel):
    type: Literal["refund.succeeded", "refund.failed"]
    timestamp: Instant
    data: _Refunded

    def news(self) -> ProviderNews:
        data = self.data
        refund = ToldRefund(
            reference=data.refund,
            key=data.key,
            amount=Money(data.amount_minor, data.currency),
            outcome="succeeded" if self.type == "refund.succeeded" else "failed",
            reason=data.reason,
            at=self.timestamp,
        )
        return TellRefund(provider=NAME, reference=data.charge, refund=refund)


_Told = _Success | _Failure | _Dispute | _Refund
_NEWS: TypeAdapter[_Told] = TypeAdapter(Annotated[_Told, Field(discriminator="type")])


class Sandbox:
    """Tokens that begin with `tok_declined` fail, with `tok_pending` wait for a webhook, with `tok_slow` until they are asked
    for again, with `tok_away` are not answered; all others succeed. What is given back of a charge fails where its reference
    begins with `ch_declined`, waits with `ch_pending` and `ch_slow`, is not answered with `ch_away`. The same key is always
    the same charge, or refund."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        reference = f"ch_{uuid5(request.key, request.token).hex}"
        if request.token.startswith("tok_away"):
            raise ProviderAway("the provider does not answer")
        if request.token.startswith("tok_declined"):
            return ChargeAnswer(status="failed", reference=reference, reason="declined")
        return ChargeAnswer(status=_first(request.token, "tok"), reference=reference)

    def charge_status(self, request: ChargeRequest, reference: str) -> ChargeAnswer:
        return ChargeAnswer(
            status="pending" if request.token.startswith("tok_pending") else "succeeded", reference=reference
        )

    def refund(self, request: RefundRequest) -> RefundAnswer:
        reference = f"re_{request.key.hex}"
        if request.charge.startswith("ch_away"):
            raise ProviderAway("the provider does not answer")
        if request.charge.startswith("ch_declined"):
            return RefundAnswer(status="failed", reference=reference, reason="declined")
        return RefundAnswer(status=_first(request.charge, "ch"), reference=reference)

    def refund_status(self, request: RefundRequest, reference: str) -> RefundAnswer:
        return RefundAnswer(
            status="pending" if request.charge.startswith("ch_pending") else "succeeded", reference=reference
        )

    def read(self, told: Mapping[str, Any]) -> ProviderNews | None:
        if told.get("type") not in _KNOWN and isinstance(told.get("type"), str):
            return None
        try:
            return _NEWS.validate_python(told).news()
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            # The first part of each place is the kind of news.
            raise MalformedNews([e | {"loc": ("body", *e["loc"][1:])} for e in found]) from None


def _first(name: str, kind: str) -> Literal["pending", "succeeded"]:
    """What is answered at once."""
    return "pending" if name.startswith((f"{kind}_pending", f"{kind}_slow")) else "succeeded"
