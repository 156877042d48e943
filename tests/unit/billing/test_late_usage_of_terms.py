"""Usage of a term that is known late: what it adds to its own invoice it takes off the true-up, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.amounts import Amounts
from services.billing.domain.invoice.commands import AdjustLine
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.plan import PlanVersion
from services.billing.domain.price_list import NewPrice, PriceList
from services.billing.domain.pricing.price import Percentage, Price
from services.billing.domain.subscription.commands import RenewTerm
from services.billing.domain.usage_period import USAGE_PERIOD, RecordRevision, UsagePeriod
from services.billing.processes import correcting, truing_up
from services.billing.processes.correcting import Revised
from services.billing.processes.verification import Difference, Log, verify, verify_documents
from services.billing.processes.what_if import Compared, Comparison
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.prices import per_unit
from tests.unit.billing.test_cancellation import TAXED
from tests.unit.billing.test_subscription import CALLS, NEXT_QUOTE, new_york
from tests.unit.billing.test_term_minimum import YEAR, committed, true_ups

AFTER = new_york(2014, 1, 10)
PLAN = PlanVersion(
    code="gates", version=1, name="Gates", prices={"USD": (CALLS,)}, every="month", term_months=12, net_days=15
)
BY_EVENT = Price(model="percentage", percentage=Percentage(rate=Decimal("0.1"), free_events=3))


def total(quantity: int) -> tuple[PeriodTotal, ...]:
    return (PeriodTotal(group="", quantity=Decimal(quantity), count=quantity, digest=f"{quantity:02x}"),)


def revise(life: Lifetime, month: int, calls: int) -> None:
    """The period of a month turns out to have so many calls."""
    period = next(p for p in life.periods if (p.item.starts_on.year, p.item.starts_on.month) == (2013, month))
    id_, number = period.item.period_id, period.revision + 1
    record = RecordRevision(revision=number, totals=total(calls), cause="late_events")
    life.carry_out([Order(USAGE_PERIOD, id_, record)])
    revised = Revised(
        correction_id=uuid5(id_, str(number)), item=period.item, revision=number, cause="late_events", event_ids=()
    )
    billed = next(i for i in life.invoices if id_ in {item.period_id for item in i.header.usage})
    answer(life, billed, revised)
    bill = truing_up.bill_of(life.subscription, period)
    trued_up: Invoice | None = life.states.get(("invoice", bill)) if bill else None
    now = life.states["invoice", billed.header.invoice_id]
    if trued_up is not None and truing_up.follows(now, trued_up, life.states["usage_period", id_]):
        answer(life, trued_up, truing_up.once_more(revised))


def answer(life: Lifetime, invoice: Invoice, revised: Revised) -> None:
    def state(id_: UUID) -> UsagePeriod:
        return life.states["usage_period", id_]  # type: ignore[no-any-return]

    usage = correcting.rated_with(invoice, revised.item.period_id, state, lambda id_: life.events["usage_period", id_])
    orders = correcting.on_period_revised(life.subscription, life.version, invoice, usage, revised, life.desk)
    life.carry_out(orders)


def carried(life: Lifetime) -> int:
    """Net of all documents."""
    return sum((i.totals.subtotal - (i.credited - i.credited_tax)).minor for i in life.invoices if i.status != "draft")


def differences(life: Lifetime) -> list[Difference]:
    """What verification says of all invoices and of what corrects them."""
    periods = {id_: events for (category, id_), events in life.events.items() if category == "usage_period"}
    log, found = Log(subscription=life.events["subscription", life.id], periods=periods), list[Difference]()
    for invoice in life.invoices:
        corrects = invoice.header.corrects
        original = life.states["invoice", corrects.invoice_id if corrects else invoice.header.invoice_id]
        family, own = (life.events["invoice", each.header.invoice_id] for each in (original, invoice))
        found += [*verify(family, log), *verify_documents(invoice, own, original)]
    return found


def after_a_year(**changed: Any) -> Lifetime:
    life = committed(AFTER, **changed)
    life.now = AFTER
    return life


@settings(max_examples=60)
@given(
    st.sampled_from([50_000, 400_000, 1_000_000]),
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 6000)), max_size=8),
)
def test_all_documents_come_to_the_greater_of_the_commitment_and_the_latest_usage(
    minimum: int, told: list[tuple[int, int]]
) -> None:
    life = after_a_year(minimum=replace(YEAR, amount=Money(minimum, "USD")))
    calls = Counter({1: 310})
    for month, number in told:
        revise(life, month, number)
        calls[month] = number
        assert carried(life) == max(minimum, 100 * sum(calls.values()))
    assert differences(life) == []


def test_what_is_ignored_counts_for_no_term() -> None:
    life = after_a_year(late_usage="ignore_after", late_usage_days=30)
    revise(life, 2, 500)
    revise(life, 12, 200)
    assert carried(life) == 1_000_000
    january = life.invoices[-1]
    assert true_ups(life) == [("2014-01-01", "2014-01-01", 969_000)]
    assert [line.amount.minor for line in january.lines if line.kind == "usage"] == [0]
    assert differences(life) == []


def test_what_waits_for_the_next_invoice_waits_on_both() -> None:
    life = committed(new_york(2013, 12, 1), charges=(TAXED, CALLS), late_usage="next_invoice")
    line = replace(life.line, starts_on=life.subscription.last.ends_on)
    life.say(RenewTerm(term_number=2, line=line, quote_id=NEXT_QUOTE, at=life.now))
    life.move(AFTER)
    revise(life, 2, 500)
    assert len(life.subscription.deferred) == 2
    life.move(new_york(2014, 2, 1))
    (more, less) = [line for line in life.invoices[-1].lines if line.corrects]
    assert (more.kind, more.amount.minor, less.kind, less.amount.minor) == ("usage", 50_000, "true_up", -50_000)
    assert carried(life) == 1_000_000 + 14 * 150_000 and differences(life) == []


def test_a_draft_that_trues_up_is_rated_again_and_keeps_what_people_changed() -> None:
    life = after_a_year(review_days=20)
    number = next(line.number for line in life.invoices[-1].lines if line.kind == "true_up")
    adjust = AdjustLine(line=number, by=Money(-1000, "USD"), reason="agreed")
    life.carry_out([Order(INVOICE, life.invoices[-1].header.invoice_id, adjust)])
    revise(life, 2, 500)
    draft = next(i for i in life.invoices if i.header.bill.true_up_terms)
    (line,) = [line for line in draft.lines if line.kind == "true_up"]
    assert (draft.status, line.rated.minor, line.amount.minor) == ("draft", 919_000, 918_000)
    assert differences(life) == []


def told(life: Lifetime) -> Mapping[UUID, list[tuple[str, Decimal, int]]]:
    """The latest totals of each period."""
    return {p.item.period_id: [(t.group, t.quantity, t.count) for t in p.totals] for p in life.periods}


def test_amounts_without_lines_are_those_of_the_lines() -> None:
    life = after_a_year()
    found: Counter[str] = Counter()
    for invoice in life.invoices:
        Amounts().add(found, life.subscription, invoice.header.bill, told(life))
    assert found == {"calls": 31_000, "commitment": 969_000}


@pytest.mark.parametrize(
    ("price", "before", "after"),
    [
        (per_unit("20"), {"calls": 31_000, "commitment": 969_000}, {"calls": 620_000, "commitment": 380_000}),
        (BY_EVENT, {}, {}),
    ],
)
def test_other_prices_lift_to_the_same_amount_and_what_is_not_known_lifts_nothing(
    price: Price, before: dict[str, int], after: dict[str, int]
) -> None:
    life, compared = after_a_year(), Compared()
    prices = PriceList(plan="gates", prices={"USD": {"calls": NewPrice(price=price)}}, versions={1: PLAN})
    bills = [invoice.header.bill for invoice in life.invoices]
    Comparison(prices).add(compared, life.subscription, bills, told(life))
    assert (+compared.before, +compared.after) == (Counter(before), Counter(after))
