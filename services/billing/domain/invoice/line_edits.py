"""What people change of a draft: lines that they add, take off or adjust, and once more whenever its bill is rated again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from services.billing.domain.invoice_line import InvoiceLine, LineAdjustment
from services.billing.domain.plan import RevenueClass
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rate import rate
from services.billing.domain.subscription.events import Bill
from services.billing.domain.taxation.applied import included_in, taken_out
from services.billing.domain.taxation.lines import TaxedAs, taxed
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOff:
    """What is charged for once: `quantity` at `price`, which is in the currency of the invoice. No quote agreed to it."""

    code: str
    description: str
    quantity: Decimal
    price: Price
    tax_rates: tuple[str, ...] = ()
    tax_category: str | None = None
    revenue_class: RevenueClass = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """`line` as it stood: what is rated for the same stays off."""

    line: InvoiceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """`line`, as it stood, changes `by` an amount, and so does what is rated for the same; nothing falls below zero. It is
    an amount of the net, or, of a price with tax in it, of the whole."""

    line: InvoiceLine
    by: Money


LineEdit = OneOff | Removal | Adjustment


def edited(
    lines: Sequence[InvoiceLine], edits: Sequence[LineEdit], bill: Bill, currency: str
) -> tuple[InvoiceLine, ...]:
    """The lines of a bill with all edits of its draft, one after the other; what is no longer there is not adjusted."""
    found = tuple(lines)
    for number, edit in enumerate(edits, start=1):
        found = with_edit(found, number, edit, bill, currency)
    return found


def with_edit(
    lines: Sequence[InvoiceLine], number: int, edit: LineEdit, bill: Bill, currency: str
) -> tuple[InvoiceLine, ...]:
    """`number` is which edit of the draft it is; lines are numbered from 1 again. Minimum and coupons stay as they were
    rated."""
    match edit:
        case OneOff():
            return _numbered([*lines, _one_off(number, edit, bill, currency)])
        case Removal(line=gone):
            key = gone.key(bill.invoice_id)
            return _numbered(line for line in lines if line.key(bill.invoice_id) != key)
        case Adjustment(line=adjusted, by=by):
            key = adjusted.key(bill.invoice_id)
            return tuple(_adjusted(line, number, by) if line.key(bill.invoice_id) == key else line for line in lines)


def _one_off(number: int, item: OneOff, bill: Bill, currency: str) -> InvoiceLine:
    """Of the billing day, and taxed as all lines of the bill are."""
    rated = rate(item.price, item.quantity, currency, last_of_period=True)
    line = InvoiceLine(
        number=0,
        kind="one_off",
        charge=item.code,
        description=item.description,
        group="",
        quantity=item.quantity,
        amount=rated.amount_money,
        residue=rated.residue,
        tiers=rated.tiers,
        tax_rates=item.tax_rates,
        tax_category=item.tax_category,
        revenue_class=item.revenue_class,
        starts_on=bill.billing_on,
        ends_on=bill.billing_on + timedelta(days=1),
        plan="",
        plan_version=0,
        term_number=0,
        quote_id=None,
        credits=rated.credits,
        edit=number,
    )
    return taxed(line, bill.billing_on, TaxedAs(bill.tax, bill.taxation))


def _adjusted(line: InvoiceLine, number: int, by: Money) -> InvoiceLine:
    priced = max(line.priced + by, Money.zero(by.currency))
    made = LineAdjustment(edit=number, amount=priced - line.priced)
    taxes = taken_out(priced, line.taxes) if line.tax_inclusive else line.taxes
    net = priced - included_in(taxes, by.currency)
    return replace(line, amount=net, taxes=taxes, adjustments=(*line.adjustments, made))


def _numbered(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    def each() -> Iterator[InvoiceLine]:
        for number, line in enumerate(lines, start=1):
            yield line if line.number == number else replace(line, number=number)

    return tuple(each())
