"""What of the flat charges of an issued invoice is for time that will not be used: the credit for it, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid5

from services.billing.domain.correction import Carried
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import CorrectedLine, InvoiceLine
from services.billing.domain.invoicing.tax import taxes
from services.billing.domain.pricing.rounding import rounding
from services.billing.domain.proration import WHOLE, Share, share
from services.billing.domain.subscription.billing import credited_from
from services.billing.domain.subscription.events import FlatItem
from services.billing.domain.subscription.state import Subscription
from shared.money import Money
from shared.periods import Days


def unused(subscription: Subscription, invoice: Invoice) -> Carried | None:
    """Lines and tax to be credited, as positive amounts; None where nothing is.

    A line is credited with what its unused days cost by the policy of the plan, rounded half away from zero once, and with
    no more than it still carries. Lines of a bill come in the order of its items.
    """
    if not invoice.left.minor:
        return None
    items = zip(invoice.header.bill.flat, invoice.lines, strict=False)
    lines = [line for item, charged in items for line in _credit(subscription, invoice, item, charged)]
    numbered = tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))
    return Carried(lines=numbered, taxes=_taxes(invoice, numbered)) if numbered else None


def part_unused(subscription: Subscription, item: FlatItem, from_day: date) -> Share:
    """Which share of the full nominal period is unused: the days from then to the end of what was charged."""
    line = subscription.line(item.term_number, item.amendment)
    nominal, part = Days(item.nominal_starts_on, item.nominal_ends_on), Days(from_day, item.ends_on)
    return WHOLE if part == nominal else share(line.proration, nominal, part, subscription.party.zone)


def _credit(
    subscription: Subscription, invoice: Invoice, item: FlatItem, charged: InvoiceLine
) -> Iterator[InvoiceLine]:
    from_day = max(credited_from(subscription, item), item.starts_on)
    if from_day >= item.ends_on:
        return
    rounded, residue = rounding(subscription.currency)(_exact(subscription, item, charged, from_day))
    given = _given(invoice, charged.number)
    amount = min(rounded, charged.amount) - given
    if amount.minor > 0:
        yield _line(invoice, charged, from_day, amount, charged.amount - given, residue)


def _exact(subscription: Subscription, item: FlatItem, charged: InvoiceLine, from_day: date) -> Decimal:
    """In major units: all of the line where nothing was used, otherwise the share of its price for a full period, less
    what coupons took off that in proportion."""
    if from_day == item.starts_on:
        return charged.amount.major
    line = subscription.line(item.term_number, item.amendment).on(item.starts_on)
    charges = FlatCharges(line=line, currency=subscription.currency, anchor=subscription.anchor)
    full = charges.full_price(line.charge(item.charge))
    taken = Money.total((discount.amount for discount in charged.discounts), subscription.currency)
    share_of_line = Share(charged.amount.minor, (charged.amount + taken).minor) if taken.minor else WHOLE
    return share_of_line.exactly(part_unused(subscription, item, from_day).exactly(full))


def _line(
    invoice: Invoice, charged: InvoiceLine, from_day: date, amount: Money, left: Money, residue: Decimal
) -> InvoiceLine:
    id_ = invoice.header.invoice_id
    corrects = CorrectedLine(
        correction_id=uuid5(id_, f"unused:{charged.number}:{from_day.isoformat()}"),
        invoice_id=id_,
        invoice=invoice.issued.number,
        line=charged.number,
        before=left,
        after=left - amount,
        quantity_before=charged.quantity,
        quantity_after=charged.quantity,
    )
    return replace(
        charged,
        starts_on=from_day,
        amount=amount,
        residue=residue,
        tiers=(),
        discounts=(),
        credits=None,
        corrects=corrects,
    )


def _given(invoice: Invoice, number: int) -> Money:
    credited = (line for carried in invoice.unused for line in carried.lines if _number(line) == number)
    return Money.total((line.amount for line in credited), invoice.totals.total.currency)


def _number(line: InvoiceLine) -> int | None:
    return line.corrects.line if line.corrects else None


def _taxes(invoice: Invoice, lines: Iterable[InvoiceLine]) -> dict[str, Money]:
    """Of the credited lines, rounded once per rate, and never more than what the invoice still carries of it."""
    currency = invoice.totals.total.currency
    found = {}
    for rate, tax in taxes(list(lines), currency).items():
        before = Money.total((carried.taxes[rate] for carried in invoice.unused if rate in carried.taxes), currency)
        found[rate] = min(tax, invoice.totals.taxes[rate] - before)
    return found
