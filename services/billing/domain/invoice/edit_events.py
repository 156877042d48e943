"""What people changed of a draft, and why; who did it is in the context of the event."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.domain.invoice.line_edits import Adjustment, OneOff, Removal
from services.billing.domain.invoice.totals import Totals
from services.billing.domain.invoice_line import InvoiceLine
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLineAdded:
    """The draft has `lines` now; `edit` counts what people changed of it."""

    edit: int
    item: OneOff
    reason: str
    lines: tuple[InvoiceLine, ...]
    totals: Totals

    @property
    def made(self) -> OneOff:
        return self.item


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLineRemoved:
    """`line` as it stood before."""

    edit: int
    line: InvoiceLine
    reason: str
    lines: tuple[InvoiceLine, ...]
    totals: Totals

    @property
    def made(self) -> Removal:
        return Removal(line=self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLineAdjusted:
    """`line` as it stood before; its net changed `by` the amount."""

    edit: int
    line: InvoiceLine
    by: Money
    reason: str
    lines: tuple[InvoiceLine, ...]
    totals: Totals

    @property
    def made(self) -> Adjustment:
        return Adjustment(line=self.line, by=self.by)


InvoiceLineEdited = InvoiceLineAdded | InvoiceLineRemoved | InvoiceLineAdjusted
EDIT_TYPES: dict[str, type] = {
    "invoice_line_added": InvoiceLineAdded,
    "invoice_line_removed": InvoiceLineRemoved,
    "invoice_line_adjusted": InvoiceLineAdjusted,
}
