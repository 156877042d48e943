"""What a bill takes along beside its items: corrections, what was paid late, and with whose bills it is invoiced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.billing.domain.correction import Carried, Correction
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredCorrection:
    """A correction of an issued invoice that waits for the next one."""

    correction: Correction
    carried: Carried
    deferred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A bill that is invoiced with the others of the customer of its day and currency, once the day is over: at `invoice_at`,
    the first instant of the next one."""

    customer_id: UUID
    currency: str
    invoice_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LateInvoice:
    """What was `open` of an invoice when its late fee, `percent` of it, was assessed."""

    invoice_id: UUID
    number: str
    open: Money
    percent: Decimal

    @property
    def fee(self) -> Money:
        """percent of what is open, rounded half away from zero once."""
        return self.open.times(self.percent.scaleb(-2))
