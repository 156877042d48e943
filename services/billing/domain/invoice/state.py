"""What an invoice's decisions need to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.billing.domain.invoice.events import Facts, Header, Totals
from services.billing.domain.invoice.line import InvoiceLine
from shared.errors import DomainError, NotFound
from shared.money import Money

InvoiceStatus = Literal["draft", "issued", "paid", "voided", "credited", "discarded"]


class InvoiceNotFound(NotFound):
    pass


class Overpayment(DomainError):
    """Nobody pays more than they owe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """`facts` are known once it is issued; `payments` and `corrections` are the ids of those that were recorded."""

    status: InvoiceStatus
    header: Header
    lines: tuple[InvoiceLine, ...]
    totals: Totals
    facts: Facts | None = None
    paid: Money
    payments: tuple[UUID, ...] = ()
    overdue: bool = False
    corrections: tuple[UUID, ...] = ()

    @property
    def open(self) -> Money:
        return self.totals.total - self.paid

    @property
    def issued(self) -> Facts:
        if self.facts is None:
            raise InvoiceNotFound("the invoice has not been issued")
        return self.facts
