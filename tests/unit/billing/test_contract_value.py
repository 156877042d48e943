"""What rows say of a contract is what telling it again from its log says, at any instant of whatever happened to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain import unbilled
from services.billing.domain.agreed_one_off import AgreedOneOff
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.contract_value import agreed, items_of, outstanding, usage_of
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.recurring import annual, annual_values, on
from tests.unit.billing import histories, revenue_oracle
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.revenue_oracle import Replayed, replayed
from tests.unit.billing.test_cancellation import ARREARS, TAXED


def settled(life: Lifetime, day: date) -> set[UUID]:
    """Bills whose invoice was issued by then."""
    return {i.header.invoice_id for i in life.invoices if i.facts and i.facts.issued_on <= day}


def contract(life: Lifetime, until: datetime) -> Replayed | None:
    told = [(e.event, e.cause.occurred_at) for e in life.log if e.key.category == "subscription"]
    return replayed(told, until, settled(life, life.subscription.day(until - timedelta(hours=1))))


def check(life: Lifetime, until: datetime) -> None:
    found = contract(life, until)
    if found is None:
        return
    subscription, day = found.subscription, life.subscription.day(until - timedelta(hours=1))
    items, billed = items_of(replace(subscription, fees=found.fees)), found.billed
    assert agreed(items) == revenue_oracle.agreed(subscription)
    assert outstanding(items, billed) == revenue_oracle.outstanding(subscription, found.waiting)
    assert unbilled.flat_charges(items, billed, day) == revenue_oracle.unbilled_flats(subscription, found.waiting, day)
    assert unbilled.fees(items, billed, day) == revenue_oracle.unbilled_fees(subscription, found.waiting, day)
    asked = {item.period_id for item in revenue_oracle.unbilled_items(subscription, found.waiting, day)}
    assert {item.period_id for item in unbilled.usage_items(usage_of(subscription), billed, day)} == asked
    values = tuple(annual_values(subscription))
    for days in (-400, -31, -1, 0, 1, 30, 200, 366, 800):
        other = day + timedelta(days=days)
        assert on(values, other) == annual(subscription, other)


@given(line=histories.lines, told=histories.happenings, one_offs=histories.one_offs)
@settings(max_examples=40, deadline=None)
def test_rows_say_what_the_log_says(line: AgreedLine, told: list[Any], one_offs: tuple[AgreedOneOff, ...]) -> None:
    life = histories.lived(line, told, one_offs)
    for until in histories.instants(life):
        check(life, until)


@given(
    line=histories.lines, told=histories.happenings, coupons=histories.coupons, charge=st.sampled_from([TAXED, ARREARS])
)
@settings(max_examples=20, deadline=None)
def test_coupons_of_a_contract_with_one_flat_charge_come_off_likewise(
    line: AgreedLine, told: list[Any], coupons: tuple[AgreedCoupon, ...], charge: Any
) -> None:
    life = histories.lived(replace(line, charges=(charge,), minimum=None, coupons=coupons), told)
    for until in histories.instants(life):
        check(life, until)
