"""What bills would have come to at other prices: by the rules that made their lines, and without a guess."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.amounts import Amounts
from services.billing.domain.invoice.commands import AddLine, AdjustLine, RemoveLine
from services.billing.domain.invoice.compose import compose
from services.billing.domain.plan import PlanVersion
from services.billing.domain.price_list import (
    NewPrice,
    PriceList,
    Repricing,
    UnknownCharge,
    validate_price_list,
)
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.price import Percentage, Price
from services.billing.domain.pricing.validation import PartNotAllowed
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.processes.what_if import Compared, Comparison
from services.billing.projections.subscriptions.shared_lines import SharedLines
from shared.money import Money
from shared.orders import Order
from tests.contracts.stored_events import stored_events
from tests.unit.billing.firm import AGREED, FEE, GATES, Firm
from tests.unit.billing.prices import per_unit
from tests.unit.billing.test_line_edits import HOURS
from tests.unit.billing.test_quoted_one_offs import SETUP

PLAN = PlanVersion(
    code="gates", version=1, name="Gates", prices={"USD": (FEE, GATES)}, every="month", term_months=12, net_days=15
)
TENTH_OFF = AgreedCoupon(code="tenth", name="A tenth", percent=Decimal(10))


def price_list(**new: NewPrice) -> PriceList:
    return PriceList(plan="gates", prices={"USD": new}, versions={1: PLAN})


DEARER = price_list(gates=NewPrice(price=per_unit("5")))


def usage_of(firm: Firm, bill: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    periods = {item.period_id: firm.state(USAGE_PERIOD, item.period_id) for item in bill.usage}
    return periods, {id_: [(t.group, t.quantity, t.count) for t in period.totals] for id_, period in periods.items()}


def compared(firm: Firm, prices: PriceList) -> Compared:
    found, comparison = Compared(), Comparison(prices)
    for invoice in firm.invoices:
        bill = invoice.header.bill
        comparison.add(found, firm.state(SUBSCRIPTION, firm.id), [bill], usage_of(firm, bill)[1])
    return found


departures = st.dictionaries(st.sampled_from(["JFK", "LGA", "EWR"]), st.integers(0, 400))


@given(
    departures,
    st.sampled_from([None, AGREED.minimum]),
    st.sampled_from([(), (TENTH_OFF,)]),
    st.sampled_from([(), (FilteredPrice(where={"origin": ("JFK",)}, price=per_unit("7.77")),)]),
)
@settings(max_examples=60, deadline=None)
def test_amounts_are_those_of_the_lines(flown: Any, minimum: Any, coupons: Any, filtered: Any) -> None:
    gates = replace(GATES, filtered_prices=filtered)
    firm = Firm(replace(AGREED, charges=(FEE, gates), minimum=minimum, coupons=coupons)).closed(flown)
    subscription, repricing = firm.state(SUBSCRIPTION, firm.id), Repricing(DEARER)
    term = subscription.terms[0]
    dearer = replace(subscription, terms=(replace(term, line=repricing.of(term.line, "USD").line),))
    for amounts, agreed in (
        (Amounts(), subscription),
        (Amounts(lambda line, currency: repricing.of(line, currency).line), dearer),
    ):
        for invoice in firm.invoices:
            bill = invoice.header.bill
            periods, totals = usage_of(firm, bill)
            lines: Counter[str] = Counter()
            for line in compose(agreed, bill, periods):
                lines[line.charge] += line.amount.minor
            found: Counter[str] = Counter()
            amounts.add(found, subscription, bill, totals)
            assert +found == +lines


def test_what_subscriptions_share_changes_nothing() -> None:
    """A line with a minimum, one with a coupon and one with a ramp, each twice and in turns."""
    ramp = (RampPhase(after_months=0, quantity=3, prices={"gates": per_unit("2")}),)
    lines = (AGREED, replace(AGREED, coupons=(TENTH_OFF,)), replace(AGREED, ramp=ramp))
    firms = [Firm(line).closed({"JFK": 7 + n}) for n, line in enumerate(lines * 2)]
    together, apart, comparison = Compared(), Compared(), Comparison(DEARER)
    for firm in firms:
        alone = compared(firm, DEARER)
        apart.before.update(alone.before)
        apart.after.update(alone.after)
        for invoice in firm.invoices:
            bill = invoice.header.bill
            comparison.add(together, firm.state(SUBSCRIPTION, firm.id), [bill], usage_of(firm, bill)[1])
    assert (together.before, together.after) == (apart.before, apart.after)


def words(of: Subscription) -> str:
    return msgspec.json.encode(of).decode()


OF_SUBSCRIPTIONS = {event.name: event for event in stored_events() if event.decider is SUBSCRIPTION}


def fullest(name: str) -> Any:
    event = OF_SUBSCRIPTIONS[name]
    return event.read(max(event.written["forms"], key=lambda form: len(str(form))))


# What was billed is not among the conditions.
LATER = sorted(OF_SUBSCRIPTIONS.keys() - {"subscription_created", "bill_requested"})


@pytest.mark.parametrize("later", LATER)
def test_subscriptions_with_shared_lines_are_those_that_were_stored(later: str) -> None:
    created, event = fullest("subscription_created"), fullest(later)
    for subscription in (begun := SUBSCRIPTION.evolve(None, created), SUBSCRIPTION.evolve(begun, event)):
        assert SharedLines().subscription(words(subscription)) == subscription


def test_equal_lines_are_one() -> None:
    lines, firms = SharedLines(), (Firm(), Firm())
    one, other = (lines.subscription(words(firm.state(SUBSCRIPTION, firm.id))) for firm in firms)
    assert one.terms[0].line is other.terms[0].line


def test_the_difference_is_what_the_new_price_makes_and_the_minimum_leaves() -> None:
    firm = Firm().closed({"JFK": 10, "LGA": 2})
    found = compared(firm, DEARER)
    assert found.before == Counter(fee=1501, gates=3333 + 667, true_up=0)  # 40.00 is the minimum
    assert found.after == Counter(fee=1501, gates=6000, true_up=0)
    assert (found.kept, found.untold, found.periods) == (set(), [], 1)


def test_a_minimum_takes_the_difference_that_stays_below_it() -> None:
    found = compared(Firm().closed({"JFK": 2}), DEARER)
    assert found.before == Counter(fee=1501, gates=667, true_up=3333)
    assert found.after == Counter(fee=1501, gates=1000, true_up=3000)


def test_what_people_changed_and_what_a_quote_charges_once_is_the_same_on_both_sides() -> None:
    firm = Firm(replace(AGREED, review_days=3)).closed({"JFK": 10, "LGA": 2})
    invoice = firm.original
    fee = next(line for line in invoice.lines if line.charge == "fee")
    for command in (
        AddLine(item=HOURS, reason="by phone"),
        AdjustLine(line=fee.number, by=Money(-500, "USD"), reason="goodwill"),
        RemoveLine(line=next(line.number for line in invoice.lines if line.group == "LGA"), reason="a mistake"),
    ):
        firm.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])
    bill = replace(invoice.header.bill, one_offs=(OneOffItem(quote_id=UUID(int=1), agreed=SETUP),))
    edits = {bill.invoice_id: firm.original.edits}
    subscription, usage = firm.state(SUBSCRIPTION, firm.id), usage_of(firm, bill)[1]
    found, alone, comparison = Compared(), Compared(), Comparison(DEARER)
    comparison.add(found, subscription, [bill], usage, edits)
    once = {"fee": 1001, "setup": 25_000 + 27_002}
    assert found.before == Counter(gates=3333, true_up=0, **once)
    assert found.after == Counter(gates=5000, true_up=0, **once)
    comparison.add(alone, subscription, [bill], usage)
    assert alone.before["setup"] == alone.after["setup"] == 27_002


def test_what_was_agreed_otherwise_than_the_plan_lists_it_stays() -> None:
    own = replace(AGREED, charges=(FEE, replace(GATES, price=per_unit("2"))))
    found = compared(Firm(own).closed({"JFK": 30}), DEARER)
    assert found.before == found.after and found.kept == {"gates"}


def test_other_plans_and_currencies_are_left_alone() -> None:
    firm = Firm().closed({"JFK": 30})
    for other in (replace(DEARER, plan="lounges"), replace(DEARER, prices={"EUR": DEARER.prices["USD"]})):
        found = compared(firm, other)
        assert found.before == found.after and not found.kept


BY_EVENT = Price(model="percentage", percentage=Percentage(rate=Decimal("0.1"), free_events=3))
BY_TERMINAL = NewPrice(
    price=per_unit("5"), filtered_prices=(FilteredPrice(where={"terminal": ("1",)}, price=per_unit("6")),)
)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewPrice(price=BY_EVENT), "free_events needs the values of single events, which billing does not have"),
        (BY_TERMINAL, "usage was not told apart by terminal"),
    ],
)
def test_what_billing_does_not_know_is_said_and_left_out_on_both_sides(new: NewPrice, reason: str) -> None:
    without_minimum: AgreedLine = replace(AGREED, minimum=None)
    prices = price_list(gates=new)
    validate_price_list(prices)
    found = compared(Firm(without_minimum).closed({"JFK": 30}), prices)
    assert found.before == found.after == Counter(fee=1501)
    assert [(each.item.charge, each.reason) for each in found.untold] == [("gates", reason)]


def test_what_shares_a_coupon_with_what_is_not_known_is_not_known_either() -> None:
    prices = price_list(gates=NewPrice(price=BY_EVENT))
    found = compared(Firm().closed({"JFK": 30}), prices)
    assert found.before == found.after == Counter(fee=1501) and len(found.untold) == 1
    found = compared(Firm(replace(AGREED, coupons=(TENTH_OFF,))).closed({"JFK": 30}), prices)
    assert found.before == found.after == Counter()
    assert sorted(each.item.charge for each in found.untold) == ["fee", "gates"]


def test_a_list_names_charges_of_the_plan_and_prices_that_are_well_formed() -> None:
    with pytest.raises(UnknownCharge) as unknown:
        validate_price_list(price_list(lounges=NewPrice(price=per_unit("5"))))
    assert unknown.value.field == "/prices/USD/lounges"
    with pytest.raises(PartNotAllowed) as flat:
        validate_price_list(price_list(fee=BY_TERMINAL))
    assert flat.value.field == "/prices/USD/fee/filtered_prices"
