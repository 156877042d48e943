"""A credit note over parts of an invoice's lines, as a person asks for it: lines and tax that are given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.billing.domain.correction import Carried
from services.billing.domain.given_back import less, less_given, with_net
from services.billing.domain.invoice.credit_line import credit_line
from services.billing.domain.invoice.state import Invoice, OverCredit
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.tax import taxes
from services.billing.domain.taxation.applied import added, negated
from shared.errors import DomainError
from shared.money import Money


class UncreditableLine(DomainError):
    """Parts are of lines of the invoice, each named once; what corrects another invoice is credited in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePart:
    """`amount` net, above zero, of the line with that number."""

    line: int
    amount: Money


def given_back(invoice: Invoice, parts: Sequence[LinePart], note: str) -> Carried:
    """Lines and tax as positive amounts, in the order of `parts`; `note` is the number of the document.

    The tax of each rate is what the invoice has of it by now, less the tax on what is left of its lines, rounded as on the
    invoice: parts that add up to all of it leave nothing. Quantities are 0: usage stays as it was metered. Raises
    UncreditableLine and OverCredit with the part in question as the field, `/lines/0/amount_minor`.
    """
    standing = {line.number: _standing(invoice, line) for line in invoice.lines}
    for index, part in enumerate(parts):
        _check(invoice, standing.get(part.line), part, index)
    if len({part.line for part in parts}) < len(parts):
        raise UncreditableLine("name each line once, with the sum of its parts", field="/lines")
    lines = tuple(
        _given(invoice, standing[part.line], part.amount, number, note) for number, part in enumerate(parts, start=1)
    )
    return Carried(lines=lines, taxes=_taxes(invoice, lines, standing))


def _check(invoice: Invoice, line: InvoiceLine | None, part: LinePart, index: int) -> None:
    if line is None:
        raise UncreditableLine(f"give one of the lines 1 to {len(invoice.lines)}", field=f"/lines/{index}/line")
    if line.corrects is not None:
        raise UncreditableLine(
            f"line {part.line} corrects {line.corrects.invoice}: credit that invoice by line, or all of this one",
            field=f"/lines/{index}/line",
        )
    if not part.amount <= line.amount:
        raise OverCredit(
            f"line {part.line} still carries {line.amount}: give at most {max(line.amount.minor, 0)}",
            field=f"/lines/{index}/amount_minor",
        )


def _standing(invoice: Invoice, line: InvoiceLine) -> InvoiceLine:
    """What the invoice still carries of one of its lines, after corrections and credit notes."""
    id_ = invoice.header.invoice_id
    for document in invoice.documents:
        if document.invoice_id == id_:
            for more in _of(line, invoice, document.carried):
                line = replace(line, amount=line.amount + more.amount, taxes=added(line.taxes, more.taxes))
    for carried in (*invoice.unused, *invoice.given):
        for part in _of(line, invoice, carried):
            line = less(line, part)
    return line


def _of(line: InvoiceLine, invoice: Invoice, carried: Carried) -> list[InvoiceLine]:
    place = (invoice.header.invoice_id, line.number)
    return [each for each in carried.lines if each.corrects and (each.corrects.invoice_id, each.corrects.line) == place]


def _given(invoice: Invoice, standing: InvoiceLine, amount: Money, number: int, note: str) -> InvoiceLine:
    left = with_net(standing, standing.amount - amount)
    part = replace(standing, amount=amount, residue=Decimal(0), taxes=added(standing.taxes, negated(left.taxes)))
    line = credit_line(invoice, part, _carried(invoice, standing), f"given back:{note}:{standing.number}")
    return replace(line, number=number, quantity=Decimal(0))


def _carried(invoice: Invoice, line: InvoiceLine) -> Money:
    """What all documents carry of the line, net, also those of usage that was told late."""
    family = invoice.header.invoice_id
    amount = next(each.amount for each in invoice.carried().lines if each.key(family) == line.key(family))
    unused = (part.amount for carried in invoice.unused for part in _of(line, invoice, carried))
    return amount - Money.total(unused, amount.currency)


def _taxes(invoice: Invoice, lines: Sequence[InvoiceLine], standing: dict[int, InvoiceLine]) -> dict[str, Money]:
    """Where nothing is left of the lines of a rate, its tax is all that is left of it."""
    currency, family = invoice.totals.total.currency, invoice.header.invoice_id
    share = invoice.shares()[family]
    after = taxes(
        less_given(share, [Carried(lines=tuple(lines))], family).lines, currency, invoice.header.bill.rounding
    )
    left = less_given(Carried(taxes=share.taxes), [Carried(taxes=each.taxes) for each in invoice.unused], family).taxes
    owing = _rates(standing, lines)
    nothing = Money.zero(currency)
    found = {}
    for rate, most in left.items():
        wanted = share.taxes[rate] - after.get(rate, nothing) if rate in owing else most
        tax = max(nothing, min(wanted, most))
        if tax.minor or any(rate in line.tax_rates for line in lines):
            found[rate] = tax
    return found


def _rates(standing: dict[int, InvoiceLine], lines: Sequence[InvoiceLine]) -> set[str]:
    """Of the lines that still carry something afterwards."""
    taken = {line.corrects.line: line.amount for line in lines if line.corrects}
    return {
        rate
        for number, line in standing.items()
        if line.amount != taken.get(number, Money.zero(line.amount.currency))
        for rate in line.tax_rates
    }
