"""What of the flat charges of an issued invoice is for time that will not be used: the credit for it, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import reduce

from services.billing.domain.correction import Carried
from services.billing.domain.given_back import less
from services.billing.domain.invoice.credit_line import credit_line
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.together import flat_lines
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.tax import taxes
from services.billing.domain.pricing.rounding import rounding
from services.billing.domain.proration import WHOLE, Share
from services.billing.domain.subscription.events import FlatItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import credited_from, part_unused
from services.billing.domain.taxation.applied import added, included_in, negated, taken_out
from shared.money import Money


def unused(subscription: Subscription, invoice: Invoice) -> Carried | None:
    """Lines and tax to be credited, as positive amounts; None where nothing is.

    A line is credited with what its unused days cost by the policy of the plan, rounded half away from zero once, and with
    no more than it still carries, also after what people gave back of it. What they took off the draft was not charged.
    """
    if not invoice.left.minor:
        return None
    items = flat_lines(invoice.header, invoice.lines, subscription.subscription_id)
    lines = [line for item, of in items for line in _credit(subscription, invoice, item, of)]
    numbered = tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))
    return Carried(lines=numbered, taxes=_taxes(invoice, numbered)) if numbered else None


def _credit(
    subscription: Subscription, invoice: Invoice, item: FlatItem, charged: InvoiceLine
) -> Iterator[InvoiceLine]:
    from_day = max(credited_from(subscription, item), item.starts_on)
    if from_day >= item.ends_on:
        return
    rounded, residue = rounding(subscription.currency)(_exact(subscription, item, charged, from_day))
    left = _less(charged, _referring(invoice.unused, charged.number))
    wanted = min(rounded, charged.priced) - (charged.priced - left.priced)
    stands = _less(left, _referring(invoice.given, charged.number))
    wanted = min(wanted, stands.priced)
    if wanted.minor > 0:
        part = replace(_part(charged, stands, wanted), starts_on=from_day, residue=residue)
        yield credit_line(invoice, part, stands.amount, f"unused:{part.number}:{from_day.isoformat()}")


def _less(charged: InvoiceLine, given: Iterable[InvoiceLine]) -> InvoiceLine:
    """What a line still carries."""
    return reduce(less, given, charged)


def _part(charged: InvoiceLine, left: InvoiceLine, wanted: Money) -> InvoiceLine:
    """So much of what is left. Of a price with tax in it, what was credited by now is taken apart as the line was: the last
    part gives back the rest of net and tax."""
    if not charged.tax_inclusive:
        return replace(left, amount=wanted)
    stays = left.priced - wanted
    kept = taken_out(stays, charged.taxes)
    taxes = added(left.taxes, negated(kept))
    return replace(left, amount=wanted - included_in(taxes, wanted.currency), taxes=taxes)


def _exact(subscription: Subscription, item: FlatItem, charged: InvoiceLine, from_day: date) -> Decimal:
    """In major units: all of the line where nothing was used, otherwise the share of its price for a full period, less
    what coupons and people took off that in proportion."""
    if from_day == item.starts_on:
        return charged.priced.major
    line = subscription.line(item.term_number, item.amendment).on(item.starts_on)
    full = subscription.flat_charges(line).full_price(line.charge(item.charge))
    rated, priced = charged.rated, charged.priced
    share_of_line = Share(priced.minor, rated.minor) if rated.minor not in (0, priced.minor) else WHOLE
    part = part_unused(subscription, item, from_day)
    return Share(share_of_line.numerator * part.numerator, share_of_line.denominator * part.denominator).exactly(full)


def _referring(notes: Iterable[Carried], number: int) -> Iterator[InvoiceLine]:
    return (line for carried in notes for line in carried.lines if _number(line) == number)


def _number(line: InvoiceLine) -> int | None:
    return line.corrects.line if line.corrects else None


def _taxes(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[str, Money]:
    """Of the credited lines, rounded as on the invoice, and never more than what it still carries of each; on a consolidated
    invoice neither more than what the lines of the subscription carry."""
    currency, rounding_ = invoice.totals.total.currency, invoice.header.bill.rounding
    share, owner = invoice.shares()[invoice.header.invoice_id], lines[0].subscription_id
    limits = [_left(share.taxes, invoice.unused)]
    if invoice.header.parts:
        mine = [line for line in share.lines if line.subscription_id == owner]
        given = [carried for carried in invoice.unused if carried.lines[0].subscription_id == owner]
        limits.append(_left(taxes(mine, currency, rounding_), given))
    credited = taxes(lines, currency, rounding_)
    nothing = Money.zero(currency)
    return {rate: max(nothing, min(tax, *(limit[rate] for limit in limits))) for rate, tax in credited.items()}


def _left(carried: Mapping[str, Money], given: Iterable[Carried]) -> dict[str, Money]:
    """Of each tax, what was not credited before."""
    left = dict(carried)
    for rate, tax in (each for part in given for each in part.taxes.items()):
        left[rate] -= tax
    return left
