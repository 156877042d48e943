"""Items without their bills come to what the bills come to, where nothing on a bill is shared."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.agreement import RampPhase
from services.billing.domain.invoice.amounts import Items, Metered, Usage
from services.billing.domain.price_list import NewPrice, PriceList
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.price import CreditUnit, Discount, Percentage, Price
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Bill
from services.billing.processes.what_if import Compared, Comparison
from shared.orders import Order
from tests.unit.billing.firm import AGREED, FEE, GATES, MINIMUM, Firm, at
from tests.unit.billing.prices import per_unit
from tests.unit.billing.test_amendments import amend
from tests.unit.billing.test_quoted_one_offs import SETUP
from tests.unit.billing.test_what_if import BY_EVENT, DEARER, TENTH_OFF, departures, price_list, usage_of

PLAIN = replace(AGREED, minimum=None)
AT_JFK = FilteredPrice(where={"origin": ("JFK",)}, price=per_unit("7.77"))
PRICES = (
    GATES.price,
    per_unit("2.005"),
    replace(per_unit("2.005"), discount=Discount(quantity=Decimal(5), percent=Decimal(10))),
    replace(per_unit("300"), credit=CreditUnit(code="token", unit_amount=Decimal("0.0123"))),
    Price(model="percentage", percentage=Percentage(rate=Decimal("0.029"), fixed_per_event=Decimal("0.3"))),
)
NEW = st.builds(NewPrice, price=st.sampled_from(PRICES), filtered_prices=st.sampled_from([(), (AT_JFK,)]))


@given(departures, st.sampled_from(PRICES), st.sampled_from([(), (AT_JFK,)]), NEW, st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_items_come_to_what_their_bills_come_to(
    flown: Any, price: Price, filtered: Any, new: NewPrice, is_amended: bool, has_setup: bool
) -> None:
    gates = replace(GATES, price=price, filtered_prices=filtered)
    firm = Firm(replace(PLAIN, charges=(FEE, gates), discount_percent=Decimal("12.5")))
    if is_amended:
        firm.carry_out([Order(SUBSCRIPTION, firm.id, amend(at(1, 15), quantity=3))])
    firm.closed(flown).bill(at(3))
    bills = [invoice.header.bill for invoice in firm.invoices]
    if has_setup:
        bills[-1] = replace(bills[-1], one_offs=(OneOffItem(quote_id=UUID(int=1), agreed=SETUP),))
    items, alike = as_items(firm, bills, price_list(gates=new)), as_bills(firm, bills, price_list(gates=new))
    assert (dict(items.before), dict(items.after)) == (dict(alike.before), dict(alike.after))
    assert (items.kept, items.untold, items.periods) == (alike.kept, [], alike.periods)


def as_bills(firm: Firm, bills: list[Bill], prices: PriceList) -> Compared:
    found = Compared()
    Comparison(prices).add(found, firm.state(SUBSCRIPTION, firm.id), bills, metered(firm, bills))
    return found


def as_items(firm: Firm, bills: list[Bill], prices: PriceList) -> Compared:
    found, comparison, subscription = Compared(), Comparison(prices), firm.state(SUBSCRIPTION, firm.id)
    assert comparison.is_apart(subscription)
    comparison.add_items(found, subscription, items_of(bills, metered(firm, bills)))
    return found


def metered(firm: Firm, bills: list[Bill]) -> Usage:
    return {id_: totals for bill in bills for id_, totals in usage_of(firm, bill)[1].items()}


def items_of(bills: list[Bill], usage: Usage) -> Items:
    periods = defaultdict(list)
    for bill in bills:
        for item in bill.usage:
            periods[item.charge, item.term_number, item.amendment].append(usage[item.period_id])
    return Items(
        flat=[item for bill in bills for item in bill.flat],
        one_offs=[item for bill in bills for item in bill.one_offs],
        metered=[
            Metered(charge=charge, term_number=term_number, amendment=amendment, totals=totals)
            for (charge, term_number, amendment), totals in periods.items()
        ],
    )


@pytest.mark.parametrize(
    ("changed", "prices"),
    [
        ({"minimum": MINIMUM}, DEARER),
        ({"coupons": (TENTH_OFF,)}, DEARER),
        ({"ramp": (RampPhase(after_months=1, prices={"gates": per_unit("2")}),)}, DEARER),
        ({"tax_inclusive": True}, DEARER),
        ({}, price_list(gates=NewPrice(price=BY_EVENT))),
    ],
    ids=["minimum", "coupon", "ramp", "tax", "untold"],
)
def test_what_is_shared_or_not_known_needs_the_bills(changed: dict[str, Any], prices: PriceList) -> None:
    firm, as_plain = Firm(replace(PLAIN, **changed)), Firm(PLAIN)
    assert not Comparison(prices).is_apart(firm.state(SUBSCRIPTION, firm.id))
    assert Comparison(DEARER).is_apart(as_plain.state(SUBSCRIPTION, as_plain.id))
