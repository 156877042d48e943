"""What a quote comes to: list, discount, net and tax of the flat charges, and the first invoices it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import reduce

from services.billing.domain.agreed_one_off import NO_ONE_OFFS, OneOffs
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.couponing import coupon_shares, holding
from services.billing.domain.flat_charges import FlatCharges, FlatLine
from services.billing.domain.invoicing.tax import TaxPolicy
from services.billing.domain.invoicing.totals import InvoiceTotals, invoice_totals
from services.billing.domain.offered_line import OfferedLine, added_up, offered_line, offered_one_off
from services.billing.domain.taxation.lines import TaxedAs
from shared.money import Money
from shared.periods import Days

PREVIEWED_INVOICES = 3
_UNKNOWN = TaxedAs()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """net = list_amount - discount; total = net + tax. `discounts` are the parts of the discount by reason."""

    list_amount: Money
    discount: Money
    net: Money
    tax: Money
    total: Money
    discounts: dict[str, Money] = field(default_factory=dict)

    @classmethod
    def zero(cls, currency: str) -> Breakdown:
        zero = Money.zero(currency)
        return cls(zero, zero, zero, zero, zero)

    def __sub__(self, part: Breakdown) -> Breakdown:
        """What is there besides a part; a reason that gives nothing of it is not named."""
        off = added_up(self.discounts, {reason: -amount for reason, amount in part.discounts.items()})
        return Breakdown(
            self.list_amount - part.list_amount,
            self.discount - part.discount,
            self.net - part.net,
            self.tax - part.tax,
            self.total - part.total,
            {reason: amount for reason, amount in off.items() if amount.minor},
        )

    def __add__(self, other: Breakdown) -> Breakdown:
        return Breakdown(
            self.list_amount + other.list_amount,
            self.discount + other.discount,
            self.net + other.net,
            self.tax + other.tax,
            self.total + other.total,
            added_up(self.discounts, other.discounts),
        )


@dataclass(frozen=True, slots=True)
class PlannedInvoice:
    """An invoice to come: flat lines with amounts, metered charges by name only, because nothing is metered yet."""

    issued_on: date
    due_on: date
    lines: tuple[OfferedLine, ...]
    totals: InvoiceTotals
    metered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuoteLineTotals:
    """`per_period` is a full billing period, of the charges that are billed each time; `term` is the whole term."""

    per_period: Breakdown
    term: Breakdown
    annual_value: Money
    first_invoices: tuple[PlannedInvoice, ...]


@dataclass(frozen=True, slots=True)
class QuoteTotals:
    """`term` is of all lines and of what is charged once, `once`, which is on the first invoice of the first line: its tax
    is what it makes of the tax there. Of a quote without lines it has an `invoice` of its own."""

    lines: tuple[QuoteLineTotals, ...]
    term: Breakdown
    annual_value: Money
    once: Breakdown
    one_offs: tuple[OfferedLine, ...] = ()
    invoice: PlannedInvoice | None = None


def quote_totals(
    lines: Sequence[AgreedLine],
    currency: str,
    zone: str = "UTC",
    anchors: Sequence[date] = (),
    by: TaxedAs = _UNKNOWN,
    one_offs: OneOffs = NO_ONE_OFFS,
    accepted_on: date = date.min,
) -> QuoteTotals:
    """Sums over the lines of a quote. Flat charges have amounts, and what is charged once; usage is unknown.

    `term` is less what coupons take off these charges; a period and a year are told without coupons. Tax is that of the
    invoices to come, rounded once per rate and invoice, so the term adds up to what will be billed; `by` says what is
    known of the customer. `anchors` are the
    first days of the subscriptions that the lines renew; without them billing days are counted from the start of each
    line. A quote without lines is invoiced on the day `accepted_on`.
    """
    anchored = zip(lines, anchors or [line.starts_on for line in lines], strict=True)
    totals = tuple(
        line_totals(FlatCharges(line=line, currency=currency, anchor=anchor, zone=zone), by)
        for line, anchor in anchored
    )
    return _with_one_offs(totals, one_offs, currency, by, accepted_on)


def _with_one_offs(
    lines: tuple[QuoteLineTotals, ...], one_offs: OneOffs, currency: str, by: TaxedAs, accepted_on: date
) -> QuoteTotals:
    """The first invoice is planned once more with them on it."""
    first = lines[0].first_invoices[0] if lines else _empty(accepted_on, one_offs.net_days or 0, currency)
    items = tuple(offered_one_off(item, currency, first.issued_on, by) for item in one_offs.items)
    together = (*first.lines, *items)
    invoice = replace(first, lines=together, totals=invoice_totals(together, currency, by.rounding))
    once = _breakdown(together, currency, by.rounding) - _breakdown(first.lines, currency, by.rounding)
    planned = (invoice, *lines[0].first_invoices[1:]) if lines else ()
    return QuoteTotals(
        tuple(replace(line, first_invoices=planned) if n == 0 else line for n, line in enumerate(lines)),
        _sum((*(line.term for line in lines), once), currency),
        Money.total((line.annual_value for line in lines), currency),
        once,
        items,
        None if lines or not items else invoice,
    )


def _empty(issued_on: date, net_days: int, currency: str) -> PlannedInvoice:
    due_on = issued_on + timedelta(days=net_days)
    return PlannedInvoice(issued_on, due_on, (), invoice_totals((), currency), ())


def planned_nets(charges: FlatCharges) -> Iterator[tuple[date, Money]]:
    """What the flat charges of the term come to on each billing day, less coupons and discounts, before tax."""
    for invoice in _invoices(charges, charges.line.days, _UNKNOWN):
        yield invoice.issued_on, invoice.totals.subtotal


def line_totals(charges: FlatCharges, by: TaxedAs = _UNKNOWN) -> QuoteLineTotals:
    invoices = tuple(_invoices(charges, charges.line.days, by))
    full = [offered_line(charges.line, line, by=by) for line in charges.of_full_period()]
    return QuoteLineTotals(
        per_period=_breakdown(full, charges.currency, by.rounding),
        term=_sum((_breakdown(invoice.lines, charges.currency, by.rounding) for invoice in invoices), charges.currency),
        annual_value=charges.annual_value(),
        first_invoices=invoices[:PREVIEWED_INVOICES],
    )


def _invoices(charges: FlatCharges, term: Days, by: TaxedAs) -> Iterator[PlannedInvoice]:
    """One for each billing day of the term and one at its end, for the arrears."""
    metered = tuple(charge.name for charge in charges.line.metered)
    starts = (period.part.start for period in charges.rhythm().within(term))
    for issued_on in (*starts, term.end):
        lines = tuple(_less_coupons(charges, term, issued_on, list(charges.due(issued_on, term)), by))
        yield PlannedInvoice(
            issued_on,
            issued_on + timedelta(days=charges.line.net_days),
            lines,
            invoice_totals(lines, charges.currency, by.rounding),
            metered if issued_on > term.start else (),
        )


def _less_coupons(
    charges: FlatCharges, term: Days, on: date, lines: list[FlatLine], by: TaxedAs
) -> Iterator[OfferedLine]:
    charged = [(line.charge.code, line.net) for line in lines]
    shares = coupon_shares(holding(charges.line, charges.anchor, term, on), charged, charges.currency)
    for line, discounts in zip(lines, shares, strict=True):
        yield offered_line(charges.line, line, discounts, by)


def _breakdown(lines: Sequence[OfferedLine], currency: str, policy: TaxPolicy) -> Breakdown:
    totals = invoice_totals(lines, currency, policy)
    list_amount = Money.total((line.list_amount for line in lines), currency)
    off: dict[str, Money] = {}
    for line in lines:
        off = added_up(off, line.discounts)
    return Breakdown(list_amount, list_amount - totals.subtotal, totals.subtotal, totals.tax, totals.total, off)


def _sum(parts: Iterable[Breakdown], currency: str) -> Breakdown:
    return reduce(Breakdown.__add__, parts, Breakdown.zero(currency))
