"""/v1/what-if: what past months would have come to at other prices, by customer and in all, before anything is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.billing.api.access import WhatIf
from services.billing.api.books.ledger_forms import MONTH, month_of
from services.billing.api.catalogue.plan_forms import Code, ExactForm, Form
from services.billing.domain.ledger.recognition import next_month
from services.billing.domain.price_list import NewPrice, PriceList, validate_price_list
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.price import Price
from services.billing.domain.recurring import EndBeforeStart
from services.billing.processes.what_if import Compared, Comparison, Untold
from services.billing.projections.catalogue import plans
from services.billing.projections.invoices import billed_history
from services.billing.projections.invoices.billed_history import History
from shared.http.pages import cursor_of, decoded
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed
from shared.periods import Days
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/what-if", tags=["what if"], route_class=TransactionalRoute)

MOST_MONTHS, MOST_UNTOLD = 36, 100
Month = Annotated[str, Field(pattern=MONTH)]


class NewPriceForm(Form):
    price: Price
    filtered_prices: Annotated[tuple[FilteredPrice, ...], Field(max_length=500)] = ()

    def new(self) -> NewPrice:
        return NewPrice(price=self.price, filtered_prices=self.filtered_prices)


class WhatIfIn(ExactForm):
    """Bills of the months from `since` to `until`, both included, of subscriptions to a plan; `prices` by currency and charge
    in the place of those that it lists. With `customer` of that one alone. `cursor` continues with more customers."""

    plan: Code
    prices: Annotated[dict[str, Annotated[dict[Code, NewPriceForm], Field(max_length=200)]], Field(min_length=1)]
    since: Month
    until: Month
    customer: Code | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=500)] = 100
    cursor: Annotated[str, Field(max_length=500)] | None = None


class DifferenceOut(BaseModel):
    """Net, before tax. difference = after - before."""

    before_minor: int
    after_minor: int
    difference_minor: int


class ChargeOut(DifferenceOut):
    charge: str


class UntoldOut(BaseModel):
    """An item that is in no amount of the answer, and why."""

    subscription_id: Annotated[UUID, prefixed("sub")]
    charge: str
    starts_on: date
    ends_on: date
    reason: str


class CustomerOut(DifferenceOut):
    """`kept` are charges whose price was agreed otherwise than the plan lists it, and stays. Of what is not told, `untold` has
    the first hundred of `untold_count`."""

    customer: str
    currency: str
    charges: list[ChargeOut]
    kept: list[str]
    untold: list[UntoldOut]
    untold_count: int


class TotalOut(DifferenceOut):
    """Of all customers who pay in a currency."""

    currency: str
    customers: int
    usage_periods: int
    untold_count: int


class WhatIfOut(BaseModel):
    """`totals` are those of all customers; a page that continues another has none."""

    totals: list[TotalOut] | None
    customers: list[CustomerOut]
    next_cursor: str | None


@router.post("")
def ask(body: WhatIfIn, unit: WhatIf) -> WhatIfOut:
    """Usage as it is known now, at the prices that were agreed and at those asked for, by the same rules: coupons, minimums
    and parts of periods included. One-offs of quotes and edits of drafts are on both sides, but for those of consolidated
    invoices. Drafts count, voided invoices do not. Nothing is written."""
    days, after = _days(body), decoded(body.cursor) if body.cursor else ""
    comparison = Comparison(_prices(unit, body))
    histories = billed_history.of_plan(unit, body.plan, days, comparison.is_apart, after=after, customer=body.customer)
    shown: list[CustomerOut] = []
    totals: dict[str, _Total] = {}
    is_last = True
    for customer, currency, compared in _by_customer(histories, comparison):
        if len(shown) < body.limit or shown[-1].customer == customer:
            shown.append(_customer(customer, currency, compared))
        elif body.cursor is not None:
            is_last = False
            break
        else:
            is_last = False
        totals.setdefault(currency, _Total()).count(compared)
    told = None if body.cursor is not None else [totals[currency].shown(currency) for currency in sorted(totals)]
    return WhatIfOut(totals=told, customers=shown, next_cursor=None if is_last else cursor_of(shown[-1].customer))


def _days(body: WhatIfIn) -> Days:
    first, last = month_of(body.since), month_of(body.until)
    if last < first or (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        raise EndBeforeStart(f"a month from since on, at most {MOST_MONTHS} in all", field="/until")
    return Days(first, next_month(last))


def _prices(unit: UnitOfWork, body: WhatIfIn) -> PriceList:
    prices = PriceList(
        plan=body.plan,
        prices={
            currency: {code: form.new() for code, form in named.items()} for currency, named in body.prices.items()
        },
        versions=plans.versions(unit, body.plan, field="/plan"),
    )
    validate_price_list(prices)
    return prices


def _by_customer(histories: Iterator[History], comparison: Comparison) -> Iterator[tuple[str, str, Compared]]:
    """A customer has one for each currency that they pay in."""
    for customer, alike in groupby(histories, key=lambda history: history.customer):
        found: dict[str, Compared] = {}
        for history in alike:
            compared = found.setdefault(history.subscription.currency, Compared())
            if history.items is not None:
                comparison.add_items(compared, history.subscription, history.items)
            else:
                comparison.add(compared, history.subscription, history.bills, history.usage, history.edits)
        yield from ((customer, currency, found[currency]) for currency in sorted(found))


def _customer(customer: str, currency: str, compared: Compared) -> CustomerOut:
    codes = sorted({*compared.before, *compared.after})
    return CustomerOut(
        customer=customer,
        currency=currency,
        charges=[ChargeOut(charge=code, **_difference(compared.before[code], compared.after[code])) for code in codes],
        kept=sorted(compared.kept),
        untold=[_untold(each) for each in compared.untold[:MOST_UNTOLD]],
        untold_count=len(compared.untold),
        **_difference(_sum(compared.before), _sum(compared.after)),
    )


@dataclass(slots=True)
class _Total:
    """So far."""

    before: int = 0
    after: int = 0
    customers: int = 0
    usage_periods: int = 0
    untold_count: int = 0

    def count(self, compared: Compared) -> None:
        self.before += _sum(compared.before)
        self.after += _sum(compared.after)
        self.customers += 1
        self.usage_periods += compared.periods
        self.untold_count += len(compared.untold)

    def shown(self, currency: str) -> TotalOut:
        return TotalOut(
            currency=currency,
            customers=self.customers,
            usage_periods=self.usage_periods,
            untold_count=self.untold_count,
            **_difference(self.before, self.after),
        )


def _difference(before: int, after: int) -> dict[str, int]:
    return {"before_minor": before, "after_minor": after, "difference_minor": after - before}


def _sum(amounts: Counter[str]) -> int:
    return sum(amounts.values())


def _untold(untold: Untold) -> UntoldOut:
    item = untold.item
    return UntoldOut(
        subscription_id=untold.subscription.subscription_id,
        charge=item.charge,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        reason=untold.reason,
    )
