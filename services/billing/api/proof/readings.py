"""An invoice line as sentences that a person can check with a pencil."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from services.billing.api.amounts import plain, rounding_read
from services.billing.api.catalogue.evaluation_forms import steps_read, tier_out
from services.billing.api.invoices.invoice_forms import CorrectedLineOut, LineOut
from services.billing.api.proof.true_up_readings import true_up_read
from services.billing.domain.agreed_one_off import AgreedOneOff
from services.billing.domain.flat_charges import FlatLine
from services.billing.domain.proration import WHOLE
from services.billing.domain.subscription.state import Subscription
from shared.periods import Days


def reading(
    subscription: Subscription | None, line: LineOut, currency: str, metered: str, once: AgreedOneOff | None = None
) -> list[str]:
    """From what was metered or agreed to what stands on the line, as prices were at that time. `metered` is what was counted,
    `once` what a quote charges once."""
    if line.corrects is not None and line.kind == "flat" and subscription is not None:
        return list(_unused(subscription, line, line.corrects, currency))
    if line.corrects is not None and line.kind == "progressive":
        was = f"{-line.corrects.before_minor} were taken off, {-line.corrects.after_minor} are now"
        return [f"of what was billed ahead of {line.charge} {line.group}".rstrip() + f" {was}"]
    if line.corrects is not None:
        return [*_corrected(line, line.corrects, currency), *_proved(line, metered)]
    if line.kind == "flat" and subscription is not None:
        return list(_flat(subscription, line, currency))
    if line.kind == "progressive":
        return [f"takes off {-line.amount_minor} of {line.charge} {line.group}".rstrip(), *_proved(line, metered)]
    told = [f"{plain(line.quantity)} metered for {line.charge} {line.group}".rstrip()] if line.proof else []
    if line.kind == "true_up" and subscription is not None:
        told = list(true_up_read(subscription, line, currency, _rated_minor(line)))
    less = [f"less {plain(once.discount_percent)} percent"] if once and once.discount_percent else []
    return [*told, *_tiers(line, currency), *less, *_rounded(line, currency, line.residue), *_proved(line, metered)]


def _flat(subscription: Subscription, line: LineOut, currency: str) -> Iterator[str]:
    """The agreed quantity at its price for a full period, less the discount, and the part of the period."""
    flat = _rated(subscription, line)
    percent = subscription.line(line.term_number, line.amendment).on(line.starts_on).discount_percent
    yield from steps_read([tier_out(use) for use in flat.full.tiers], line.credits, currency)
    if percent:
        yield f"less {plain(percent)} percent"
    if flat.part != WHOLE:
        yield f"{flat.part.numerator} parts of {flat.part.denominator}, by the days from {line.starts_on}"
    yield from _rounded(line, currency, flat.residue)


def _rounded(line: LineOut, currency: str, residue: Decimal) -> Iterator[str]:
    """Once, and what coupons and people changed of that."""
    yield rounding_read(_rated_minor(line), currency, residue)
    yield from _coupons(line)
    yield from _adjusted(line)


def _rated_minor(line: LineOut) -> int:
    taken = sum(discount.amount_minor for discount in line.discounts)
    changed = sum(adjustment.amount_minor for adjustment in line.adjustments)
    return line.priced_minor + taken - changed


def _coupons(line: LineOut) -> Iterator[str]:
    for discount in line.discounts:
        yield f"less {discount.amount_minor} by coupon {discount.coupon}"


def _adjusted(line: LineOut) -> Iterator[str]:
    for adjustment in line.adjustments:
        yield f"adjusted by {adjustment.amount_minor} in edit {adjustment.edit} of the draft"


def _rated(subscription: Subscription, line: LineOut) -> FlatLine:
    agreed = subscription.line(line.term_number, line.amendment)
    charges = subscription.flat_charges(agreed)
    charge, days = agreed.charge(line.charge), Days(line.starts_on, line.ends_on)
    return charges.of_period(charge, charges.rhythm(charge).holding(line.starts_on, days))


def _tiers(line: LineOut, currency: str) -> Iterator[str]:
    yield from steps_read(line.tiers, line.credits, currency)


def given_back(line: LineOut, currency: str) -> list[str]:
    """What a person gave back of a line, on a credit note."""
    if line.corrects is None:
        return []
    carried = f"it carried {line.corrects.before_minor} minor units of {currency}"
    return [
        f"gives back {line.amount_minor} of line {line.corrects.line} of {line.corrects.invoice}, as a person asked for",
        f"{carried} and carries {line.corrects.after_minor}; usage stays as it was metered",
    ]


def _proved(line: LineOut, metered: str) -> Iterator[str]:
    if line.proof:
        so_far = ", as told before the period was closed" if line.proof.revision < 0 else ""
        yield f"{line.proof.count} {metered} with digest {line.proof.digest}{so_far}"


def _unused(subscription: Subscription, line: LineOut, corrects: CorrectedLineOut, currency: str) -> Iterator[str]:
    """The part of a full period that was charged for and is not used; the line that is credited says the rest."""
    agreed, days = subscription.line(line.term_number, line.amendment), Days(line.starts_on, line.ends_on)
    charges = subscription.flat_charges(agreed)
    nominal = charges.rhythm(agreed.charge(line.charge)).holding(line.starts_on, days).nominal
    part = charges.share(nominal, days)
    yield f"credits line {corrects.line} of {corrects.invoice}, not used from {line.starts_on} up to {line.ends_on}"
    yield f"{part.numerator} parts of {part.denominator} of a full period, and no more than the line carries"
    yield f"it carried {corrects.before_minor} minor units of {currency} and carries {corrects.after_minor}"
    yield rounding_read(line.priced_minor, currency, line.residue)


def _corrected(line: LineOut, corrects: CorrectedLineOut, currency: str) -> Iterator[str]:
    """The whole rated again, what of it was carried before, and what of the difference this document takes."""
    where = f"line {corrects.line} of {corrects.invoice}" if corrects.line else f"not on {corrects.invoice}"
    revision = f", rated again at revision {line.proof.revision}" if line.proof else ", rated again"
    yield f"corrects {where}{revision}"
    if line.proof:
        group = f"{line.charge} {line.group}".rstrip()
        yield f"{plain(corrects.quantity_after)} metered for {group}, {plain(corrects.quantity_before)} before"
    yield from _tiers(line, currency)
    yield from _coupons(line)
    yield from _adjusted(line)
    yield f"comes to {corrects.after_minor} minor units of {currency}, {corrects.before_minor} were carried before"
    yield f"this line takes {line.amount_minor}"


def taxes_read(line: LineOut, currency: str) -> Iterator[str]:
    """Which rates, by which rule; net and tax of a price that has both."""
    yield from (tax.reading(currency) for tax in line.taxes)
    if not line.taxes:
        yield from (f"tax {rate} as agreed with the price" for rate in line.tax_rates)
        if line.tax_category is not None:
            yield f"no tax on {line.tax_category} is listed for the place of the customer"
    if line.tax_inclusive:
        yield f"{line.priced_minor} with tax, {line.amount_minor} net"
