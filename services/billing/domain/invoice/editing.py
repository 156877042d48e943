"""What a draft answers to people who change its lines."""

from __future__ import annotations

from services.billing.domain.invoice.commands import AddLine, AdjustLine, RemoveLine
from services.billing.domain.invoice.edit_events import (
    InvoiceLineAdded,
    InvoiceLineAdjusted,
    InvoiceLineEdited,
    InvoiceLineRemoved,
)
from services.billing.domain.invoice.events import Facts
from services.billing.domain.invoice.line_edits import Adjustment, LineEdit, OneOff, Removal, with_edit
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound
from services.billing.domain.invoice.totals import Totals, totals_of
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.one_off_validation import validate_one_off
from services.billing.domain.pricing.limits import NumberTooLarge
from services.billing.domain.taxation.listed import check_listed
from shared.decider import NotAllowedNow
from shared.errors import Conflict, DomainError

MOST_EDITS = 200
MOST_MINOR = 10**15

EditCommand = AddLine | RemoveLine | AdjustLine


class AlreadyIssued(Conflict):
    """What was issued never changes."""


class TooManyEdits(DomainError):
    """A draft that nothing stays of is better discarded."""


class CorrectsAnother(DomainError):
    """A line that corrects an earlier invoice is the answer to it."""


class BelowZero(DomainError):
    """Nobody is sent a line or an invoice below zero: what was paid too much is credited."""


class NothingAdjusted(DomainError):
    """An adjustment by nothing is none."""


def decide(invoice: Invoice, command: EditCommand) -> list[InvoiceLineEdited]:
    match invoice:
        case Invoice(status="draft"):
            return [_edited(invoice, command)]
        case Invoice(facts=Facts(number=number)):
            raise AlreadyIssued(f"{number} was issued: take back what is wrong with a credit note")
        case _:
            raise NotAllowedNow(command, invoice)


def _edited(invoice: Invoice, command: EditCommand) -> InvoiceLineEdited:
    edit, number, currency = _edit(invoice, command), len(invoice.edits) + 1, invoice.header.party.currency
    if number > MOST_EDITS:
        raise TooManyEdits(f"change a draft at most {MOST_EDITS} times; it can be discarded")
    lines = with_edit(invoice.lines, number, edit, invoice.header.bill, currency)
    totals = totals_of(lines, currency, invoice.header.bill.rounding)
    if totals.total.minor < 0:
        raise BelowZero(f"the invoice would come to {totals.total}")
    refuse_too_much(totals)
    common = {"edit": number, "reason": command.reason, "lines": lines, "totals": totals}
    match edit:
        case OneOff():
            return InvoiceLineAdded(item=edit, **common)  # type: ignore[arg-type]
        case Removal(line=line):
            return InvoiceLineRemoved(line=line, **common)  # type: ignore[arg-type]
        case Adjustment(line=line, by=by):
            return InvoiceLineAdjusted(line=line, by=by, **common)  # type: ignore[arg-type]


def _edit(invoice: Invoice, command: EditCommand) -> LineEdit:
    match command:
        case AddLine(item=item, tax_categories=listed):
            validate_one_off(item)
            check_listed(item.tax_category, listed, "/tax_category")
            return item
        case RemoveLine(line=number):
            return Removal(line=_own_line(invoice, number))
        case AdjustLine(line=number, by=by):
            line = _own_line(invoice, number)
            if not by.minor:
                raise NothingAdjusted("give an amount other than zero", field="/by_minor")
            if (line.amount + by).minor < 0:
                raise BelowZero(f"the line carries {line.amount}", field="/by_minor")
            return Adjustment(line=line, by=by)


def _own_line(invoice: Invoice, number: int) -> InvoiceLine:
    line = next((line for line in invoice.lines if line.number == number), None)
    if line is None:
        raise InvoiceNotFound("the invoice has no such line")
    if line.corrects is not None:
        raise CorrectsAnother(f"the line corrects {line.corrects.invoice}; without the draft it is answered by itself")
    return line


def refuse_too_much(totals: Totals) -> None:
    if totals.total.minor >= MOST_MINOR:
        raise NumberTooLarge("invoices stay below 10^15 minor units")
