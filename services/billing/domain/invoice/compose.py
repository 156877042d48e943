"""Makes the lines of an invoice from a bill: prices as agreed, quantities as closed. Pure, so it can be done again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import chain, groupby, islice
from typing import Any
from uuid import UUID

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.charge_rating import ChargeRating
from services.billing.domain.couponing import coupon_shares
from services.billing.domain.flat_charges import FlatLine
from services.billing.domain.invoice.ahead_lines import Ahead, proof_of
from services.billing.domain.invoice.quoted_lines import quoted_lines
from services.billing.domain.invoice_line import InvoiceLine, LineKind, UsageProof
from services.billing.domain.invoicing.commitment import true_up
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.proration import WHOLE, Share
from services.billing.domain.schedule import BillingPeriod
from services.billing.domain.subscription.couponed import coupons_of
from services.billing.domain.subscription.events import Bill, Fee, FlatItem, Term, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import billed_period
from services.billing.domain.taxation.lines import TaxedAs, taxed
from services.billing.domain.usage_period import PeriodTotal, UsagePeriod
from shared.money import Money

ONE, NONE = Decimal(1), Decimal(0)
NOTHING_METERED = PeriodTotal(group="", quantity=NONE, count=0, digest="")


def compose(
    subscription: Subscription, bill: Bill, usage: Mapping[UUID, UsagePeriod], *, is_whole: bool = False
) -> tuple[InvoiceLine, ...]:
    """Flat charges and usage less coupons, each period's usage with what was billed ahead of it and its true-up, then fees,
    what is charged once, and corrections of earlier invoices; numbered from 1. Every usage period must be closed, or told so
    far. What was billed ahead is taken off as far as there is usage, or `is_whole`: all documents of it together. A
    correction is taxed as the invoice was that it corrects, whatever the status of the customer is by now."""
    ahead = Ahead(bill.ahead, subscription.currency, is_whole)
    flat = [_flat(subscription, item) for item in bill.flat]
    periods = list(_usage_by_period(subscription, bill.of_usage, usage))
    reduced = iter(_less_coupons(subscription, bill, ahead, [*flat, *chain(*(lines for _, lines in periods))]))
    lines = [
        *islice(reduced, len(flat)),
        *chain(
            *(_of_period(subscription, bill, ahead, items, of, list(islice(reduced, len(of)))) for items, of in periods)
        ),
        *(_fee(subscription, fee) for fee in bill.fees),
        *quoted_lines(bill, subscription.currency),
    ]
    by = TaxedAs(bill.tax, bill.taxation)
    lines = [taxed(line, bill.billing_on, by) for line in lines]
    lines += (line for deferred in bill.corrections for line in deferred.carried.lines)
    return tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))


def _flat(subscription: Subscription, item: FlatItem) -> InvoiceLine:
    term, agreed = subscription.term(item.term_number), subscription.line(item.term_number, item.amendment)
    charge = agreed.charge(item.charge)
    flat = subscription.flat_charges(agreed).of_period(charge, billed_period(item))
    return _line(
        term,
        "flat",
        charge.code,
        charge.name,
        item.starts_on,
        item.ends_on,
        flat.net,
        **_plan(agreed, item),
        **_charged(charge, term),
        quantity=flat.quantity,
        residue=flat.residue,
        **({} if flat.charge.price.is_plain else _steps(flat)),
    )


def _steps(flat: FlatLine) -> dict[str, Any]:
    """Tiers and credits are those of a full period, before the discount."""
    return {"tiers": flat.full.tiers, "credits": flat.full.credits}


def _usage_by_period(
    subscription: Subscription, items: Iterable[UsageItem], usage: Mapping[UUID, UsagePeriod]
) -> Iterator[tuple[list[UsageItem], list[InvoiceLine]]]:
    """The lines of all charges of one period, with its items."""
    for _, same_period in groupby(sorted(items, key=when), key=when):
        period_items = list(same_period)
        lines = [line for item in period_items for line in _usage(subscription, item, usage[item.period_id])]
        yield period_items, lines


def _less_coupons(subscription: Subscription, bill: Bill, ahead: Ahead, lines: list[InvoiceLine]) -> list[InvoiceLine]:
    """Each term has the coupons of its own line; a coupon is shared over what is charged for the same term, and was not
    charged ahead."""
    found = list(lines)
    for number in dict.fromkeys(line.term_number for line in lines):
        term, places = subscription.term(number), [n for n, line in enumerate(lines) if line.term_number == number]
        charged = [(lines[n].charge, lines[n].amount - ahead.off(lines[n])) for n in places]
        if not term.line.coupons:
            continue
        shares = coupon_shares(coupons_of(subscription, bill, term), charged, subscription.currency)
        for n, discounts in zip(places, shares, strict=True):
            taken = Money.total((discount.amount for discount in discounts), subscription.currency)
            found[n] = replace(lines[n], amount=lines[n].amount - taken, discounts=discounts)
    return found


def _of_period(
    subscription: Subscription,
    bill: Bill,
    ahead: Ahead,
    items: Sequence[UsageItem],
    rated: list[InvoiceLine],
    lines: list[InvoiceLine],
) -> Iterator[InvoiceLine]:
    """`lines` are the rated ones less coupons. Minimums are per period: what the rounded usage lines of one period lack is
    added behind them."""
    yield from lines
    for item in items if ahead.billed else ():
        yield from _billed_ahead(subscription, ahead, item, rated)
    agreed = subscription.line(items[0].term_number, items[0].amendment)
    if agreed.minimum is not None and bill.interim is None:
        less = (-discount for discount in ahead.discounts([item.period_id for item in items]))
        charged = chain((line.amount for line in lines), less)
        yield from _true_up(subscription, agreed, agreed.minimum, items[0], charged)


def _billed_ahead(
    subscription: Subscription, ahead: Ahead, item: UsageItem, rated: Sequence[InvoiceLine]
) -> Iterator[InvoiceLine]:
    """Of each group one line that takes off what interim invoices billed, taxed as the usage is by now."""
    term, agreed = subscription.term(item.term_number), subscription.line(item.term_number, item.amendment)
    charge = agreed.on(item.starts_on).charge(item.charge)
    for group in ahead.groups(item.period_id):
        place = (item.period_id, group)
        billed = ahead.of(place)
        yield _line(
            term,
            "progressive",
            charge.code,
            charge.name,
            item.starts_on,
            item.ends_on,
            -ahead.taken(place, rated),
            **_plan(agreed, item),
            **_charged(charge, term),
            group=group,
            quantity=-sum((each.quantity for each in billed), NONE),
            proof=proof_of(billed[-1]),
        )


def when(item: UsageItem) -> tuple[int, str]:
    return item.term_number, item.starts_on.isoformat()


def _usage(subscription: Subscription, item: UsageItem, period: UsagePeriod) -> Iterator[InvoiceLine]:
    """A line for each group; a charge without groups always has one, a charge by group none without usage."""
    term, agreed = subscription.term(item.term_number), subscription.line(item.term_number, item.amendment)
    charge = agreed.on(item.starts_on).charge(item.charge)
    rating = ChargeRating(charge, subscription.currency)
    for total in period.told_at(item.told) or (() if charge.group_by else (NOTHING_METERED,)):
        rated = rating.period(total.group, total.quantity, total.count)
        yield _line(
            term,
            "usage",
            charge.code,
            charge.name,
            item.starts_on,
            item.ends_on,
            rated.amount_money,
            **_plan(agreed, item),
            **_charged(charge, term),
            tiers=rated.tiers,
            residue=rated.residue,
            credits=rated.credits,
            group=total.group,
            quantity=total.quantity,
            proof=_proof(item, period, total),
        )


def _proof(item: UsageItem, period: UsagePeriod, total: PeriodTotal) -> UsageProof:
    id_, revision = item.period_id, 0 if item.told else period.revision
    return UsageProof(period_id=id_, revision=revision, count=total.count, digest=total.digest, told=item.told)


def _charged(charge: Charge, term: Term) -> dict[str, Any]:
    return {
        "tax_rates": charge.tax_rates,
        "tax_category": charge.tax_category,
        "revenue_class": charge.class_in_term(term.number),
    }


def _true_up(
    subscription: Subscription,
    agreed: AgreedLine,
    minimum: MinimumCommitment,
    item: UsageItem,
    charged: Iterable[Money],
) -> Iterator[InvoiceLine]:
    least = prorated_minimum(subscription, agreed, minimum, item)
    missing = true_up(least, charged)
    if missing.minor:
        term = subscription.term(item.term_number)
        taxed = {"tax_rates": minimum.tax_rates, "tax_category": minimum.tax_category}
        told = {**_plan(agreed, item), **taxed}
        yield _line(term, "true_up", minimum.code, minimum.name, item.starts_on, item.ends_on, missing, **told)


def prorated_minimum(
    subscription: Subscription, agreed: AgreedLine, minimum: MinimumCommitment, item: UsageItem
) -> Money:
    """Of a part of a period its part, rounded."""
    part = _committed(subscription, agreed, billed_period(item))
    return part.of(minimum.amount.major, subscription.currency)


def _committed(subscription: Subscription, agreed: AgreedLine, period: BillingPeriod) -> Share:
    """Which share of a full period the minimum is for: nothing is committed for the days of a pause."""
    parts, charges = subscription.unpaused(period.part), subscription.flat_charges(agreed)
    if parts == (period.nominal,) or (agreed.proration == "none" and parts):
        return WHOLE
    shares = [charges.share(period.nominal, part) for part in parts]
    return Share(sum(each.numerator for each in shares), shares[0].denominator) if shares else Share(0, 1)


def _fee(subscription: Subscription, fee: Fee) -> InvoiceLine:
    """Taxed like the flat charges of the term that it reinstates, where they are of several categories like the first of
    these; a late fee is compensation, and is not taxed."""
    term = subscription.term(fee.term_number)
    if fee.late is not None:
        name = f"Late fee for {fee.late.number}"
        line = _line(term, "late_fee", "late_fee", name, term.starts_on, term.ends_on, fee.amount)
        return replace(line, group=fee.late.number, revenue_class="late_fee")
    line = _line(term, "reinstatement", "reinstatement", "Reinstatement fee", term.starts_on, term.ends_on, fee.amount)
    rates = tuple(dict.fromkeys(rate for charge in term.line.flat for rate in charge.tax_rates))
    category = next((charge.tax_category for charge in term.line.flat if charge.tax_category), None)
    line = replace(line, tax_category=category, tax_inclusive=term.line.tax_inclusive, revenue_class="penalty")
    return line if category else replace(line, tax_rates=rates)


def _line(
    term: Term,
    kind: LineKind,
    charge: str,
    description: str,
    starts_on: date,
    ends_on: date,
    amount: Money,
    **more: Any,
) -> InvoiceLine:
    """Made in one go, because a bill run makes many: `more` is what differs from a plain line of the term."""
    return InvoiceLine(
        kind=kind,
        charge=charge,
        description=description,
        starts_on=starts_on,
        ends_on=ends_on,
        amount=amount,
        **_plain(term) | more,
    )


def _plain(term: Term) -> dict[str, Any]:
    return {
        "number": 0,
        "group": "",
        "quantity": ONE,
        "residue": NONE,
        "tiers": (),
        "tax_rates": (),
        "revenue_class": "new" if term.number == 1 else "renewal",
        "plan": term.line.plan,
        "plan_version": term.line.plan_version,
        "term_number": term.number,
        "quote_id": term.quote_id,
    }


def _plan(agreed: AgreedLine, item: FlatItem | UsageItem) -> dict[str, Any]:
    """Of the plan that was agreed at that time."""
    of = {"plan": agreed.plan, "plan_version": agreed.plan_version, "tax_inclusive": agreed.tax_inclusive}
    return {**of, "amendment": item.amendment}
