"""Makes the lines of an invoice from a bill: prices as agreed, quantities as closed. Pure, so it can be done again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain, groupby, islice
from typing import Any
from uuid import UUID

from services.billing.domain.charge_rating import ChargeRating
from services.billing.domain.couponing import coupon_shares
from services.billing.domain.flat_charges import FlatLine
from services.billing.domain.invoice.ahead_lines import Ahead, taken_off
from services.billing.domain.invoice.fee_line import fee_line
from services.billing.domain.invoice.new_line import agreed_of, charged_by, new_line, plan_of
from services.billing.domain.invoice.period_true_up import period_true_up
from services.billing.domain.invoice.quoted_lines import quoted_lines
from services.billing.domain.invoice.term_true_up import as_billed, lacking
from services.billing.domain.invoice_line import InvoiceLine, UsageProof
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription.cost_centre import cost_centre_on
from services.billing.domain.subscription.couponed import coupons_of
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import billed_period
from services.billing.domain.taxation.lines import TaxedAs, taxed
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money

NOTHING_METERED = PeriodTotal(group="", quantity=Decimal(0), count=0, digest="")


def compose(
    subscription: Subscription, bill: Bill, usage: Mapping[UUID, UsagePeriod], *, is_whole: bool = False
) -> tuple[InvoiceLine, ...]:
    """Flat charges and usage less coupons, each period's usage with what was billed ahead of it and its true-up, then those
    of terms that are over, fees, what is charged once, and corrections of earlier invoices; numbered from 1. Every usage
    period must be closed, or told so far. What was billed ahead is taken off as far as there is usage, or `is_whole`: all
    documents of it together. A correction is taxed as the invoice was that it corrects, whatever the status of the customer
    is by now."""
    charged = _of_periods(subscription, bill, usage, is_whole=is_whole)
    lines = [
        *charged,
        *_of_terms(subscription, bill, usage, charged),
        *(fee_line(subscription, fee) for fee in bill.fees),
        *quoted_lines(bill, subscription.currency),
    ]
    by = TaxedAs(bill.tax, bill.taxation)
    lines = [taxed(line, bill.billing_on, by) for line in lines]
    lines += (line for deferred in bill.corrections for line in deferred.carried.lines)
    return tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))


def _of_periods(
    subscription: Subscription, bill: Bill, usage: Mapping[UUID, UsagePeriod], *, is_whole: bool = False
) -> list[InvoiceLine]:
    ahead = Ahead(bill.ahead, subscription.currency, is_whole)
    flat = [_flat(subscription, item) for item in bill.flat]
    periods = list(_usage_by_period(subscription, bill.of_usage, usage))
    reduced = iter(_less_coupons(subscription, bill, ahead, [*flat, *chain(*(lines for _, lines in periods))]))
    return [
        *islice(reduced, len(flat)),
        *chain(
            *(_of_period(subscription, bill, ahead, items, of, list(islice(reduced, len(of)))) for items, of in periods)
        ),
    ]


def _flat(subscription: Subscription, item: FlatItem) -> InvoiceLine:
    term, agreed = subscription.term(item.term_number), subscription.line(item.term_number, item.amendment)
    charge = agreed.charge(item.charge)
    flat = subscription.flat_charges(agreed).of_period(charge, billed_period(item))
    return new_line(
        term,
        "flat",
        charge.code,
        charge.name,
        item.starts_on,
        item.ends_on,
        flat.net,
        **plan_of(subscription, agreed, item),
        **charged_by(charge, term),
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
        yield from taken_off(subscription, ahead, item, rated)
    agreed = subscription.line(items[0].term_number, items[0].amendment)
    if agreed.period_minimum is not None and bill.interim is None:
        less = (-discount for discount in ahead.discounts([item.period_id for item in items]))
        charged = chain((line.amount for line in lines), less)
        yield from period_true_up(subscription, agreed, agreed.period_minimum, items[0], charged)


def _of_terms(
    subscription: Subscription, bill: Bill, usage: Mapping[UUID, UsagePeriod], charged: list[InvoiceLine]
) -> Iterator[InvoiceLine]:
    """What the usage of a term lacks, on this bill and on those before: these are charged once more as they were."""
    before = (_of_periods(subscription, as_billed(bill, use), usage) for use in bill.earlier)
    for lack in lacking(subscription, bill, [*chain(*before), *charged]) if bill.true_up_terms else ():
        minimum, agreed = lack.last.minimum, subscription.line(lack.term.number, lack.last.amendment)
        taxed = {"tax_rates": minimum.tax_rates, "tax_category": minimum.tax_category}
        days = lack.days
        cost_centre = cost_centre_on(subscription, lack.term.number, days.end - timedelta(days=1))
        told = {**agreed_of(agreed, lack.last.amendment), **taxed, "cost_centre": cost_centre}
        yield new_line(lack.term, "true_up", minimum.code, minimum.name, days.start, days.end, lack.amount, **told)


def when(item: UsageItem) -> tuple[int, str]:
    return item.term_number, item.starts_on.isoformat()


def _usage(subscription: Subscription, item: UsageItem, period: UsagePeriod) -> Iterator[InvoiceLine]:
    """A line for each group; a charge without groups always has one, a charge by group none without usage."""
    term, agreed = subscription.term(item.term_number), subscription.line(item.term_number, item.amendment)
    charge = agreed.on(item.starts_on).charge(item.charge)
    rating = ChargeRating(charge, subscription.currency)
    for total in period.told_at(item.told) or (() if charge.group_by else (NOTHING_METERED,)):
        rated = rating.period(total.group, total.quantity, total.count)
        yield new_line(
            term,
            "usage",
            charge.code,
            charge.name,
            item.starts_on,
            item.ends_on,
            rated.amount_money,
            **plan_of(subscription, agreed, item),
            **charged_by(charge, term),
            tiers=rated.tiers,
            residue=rated.residue,
            credits=rated.credits,
            group=total.group,
            quantity=total.quantity,
            proof=_proof(item, period, total),
        )


def _proof(item: UsageItem, period: UsagePeriod, total: PeriodTotal) -> UsageProof:
    revision = -item.told or period.revision
    return UsageProof(period_id=item.period_id, revision=revision, count=total.count, digest=total.digest)
