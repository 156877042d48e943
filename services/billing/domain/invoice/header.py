"""Whom an invoice is for, and of which bills of which subscriptions it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.billing.domain.agreement import Party
from services.billing.domain.correction import Correction
from services.billing.domain.subscription.events import Bill, UsageItem

InvoiceKind = Literal["regular", "progressive", "correction", "one_off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A bill of one of several subscriptions of an invoice, in the order of its lines. `subscription_version` is the version
    of the subscription's stream that they were made from."""

    subscription_id: UUID
    subscription_version: int
    bill: Bill
    purchase_order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`subscription_version` is the version of the subscription's stream that the lines were made from.
    An invoice that corrects another one says which, and has a bill without items. A one-off invoice has no subscription.
    Neither has a consolidated one, whose own bill has no items either: it has `parts`. One of an interim bill is
    progressive."""

    invoice_id: UUID
    subscription_id: UUID | None
    subscription_version: int
    party: Party
    legal_entity: str
    net_days: int
    bill: Bill
    corrects: Correction | None = None
    purchase_order: str | None = None
    parts: tuple[Part, ...] = ()

    @property
    def kind(self) -> InvoiceKind:
        if self.corrects is not None:
            return "correction"
        if self.bill.interim is not None:
            return "progressive"
        return "regular" if self.subscription_id or self.parts else "one_off"

    @property
    def bills(self) -> tuple[Part, ...]:
        """Of one subscription or of several; a one-off invoice has none."""
        if self.parts or self.subscription_id is None:
            return self.parts
        own = Part(
            subscription_id=self.subscription_id,
            subscription_version=self.subscription_version,
            bill=self.bill,
            purchase_order=self.purchase_order,
        )
        return (own,)

    @property
    def subscription_ids(self) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(part.subscription_id for part in self.bills))

    @property
    def usage(self) -> tuple[UsageItem, ...]:
        return tuple(item for part in self.bills for item in part.bill.usage)

    @property
    def interim_ids(self) -> tuple[UUID, ...]:
        """The interim invoices whose usage is billed here, the earliest first."""
        return tuple(dict.fromkeys(each.invoice_id for part in self.bills for each in part.bill.ahead))

    @property
    def metered(self) -> tuple[UsageItem, ...]:
        """Also what was used so far of periods that go on, and what true-ups of terms count of earlier bills."""
        return tuple(item for part in self.bills for item in part.bill.metered)

    def owner_of(self, period_id: UUID) -> UUID:
        """The subscription whose usage period it is; it is billed here, or counts towards what is."""
        parts = (part for part in self.bills if any(item.period_id == period_id for item in part.bill.metered))
        return next(parts).subscription_id
