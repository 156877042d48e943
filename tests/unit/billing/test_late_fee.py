"""A late fee is assessed once an invoice, of what is open, and is part of the next bill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.invoice.compose import compose
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.billing import bill
from services.billing.domain.subscription.commands import AssessLateFee
from services.billing.domain.subscription.events import LateFeeAssessed
from shared.money import Money
from tests.unit.billing.test_subscription import CREATE, LINE, START, Story, new_york

FEBRUARY = new_york(2013, 2, 1)


def late(number: int, minor: int = 1000, percent: str = "1.5") -> AssessLateFee:
    invoice = LateInvoice(
        invoice_id=UUID(int=number), number=f"INV-{number}", open=Money(minor, "USD"), percent=Decimal(percent)
    )
    return AssessLateFee(late=invoice, at=new_york(2013, 1, 23))


def story(*commands: AssessLateFee) -> Story:
    told = Story(START)
    told.events = SUBSCRIPTION.decide(None, replace(CREATE, line=replace(LINE, minimum=None)))
    told.events += told.when(START)
    for command in commands:
        told.events += told.when(command)
    return told


def fees(told: Story) -> list[Any]:
    wanted = bill(told.state, FEBRUARY)
    assert wanted is not None
    lines = compose(told.state, replace(wanted, flat=(), usage=()), {})
    return [(line.kind, line.group, line.amount.minor, line.revenue_class, line.tax_rates) for line in lines]


def test_each_late_invoice_has_its_own_line_on_the_next_bill() -> None:
    assert fees(story(late(1), late(2, minor=5000))) == [
        ("late_fee", "INV-1", 15, "late_fee", ()),
        ("late_fee", "INV-2", 75, "late_fee", ()),
    ]


def test_an_invoice_has_one_fee_however_often_it_is_asked_for() -> None:
    assert story(late(1)).when(late(1, minor=99)) == []


def test_a_fee_is_not_billed_before_it_was_assessed() -> None:
    told = story(late(1))
    before = bill(told.state, new_york(2013, 1, 22))
    assert before is None or before.fees == ()


def test_after_the_last_billing_day_it_is_billed_at_once() -> None:
    told = story()
    end = told.state.instant(told.state.last.ends_on)
    [before] = told.when(replace(late(1), at=end - timedelta(seconds=1)))
    [after] = told.when(replace(late(1), at=end))
    assert isinstance(before, LateFeeAssessed) and before.bill_at is None
    assert isinstance(after, LateFeeAssessed) and after.bill_at == end


@given(st.integers(0, 10**9), st.decimals(0, 100, places=4))
def test_a_fee_is_the_percentage_rounded_once_and_never_negative(minor: int, percent: Decimal) -> None:
    told = story().when(late(1, minor, f"{percent:f}"))
    exact = Decimal(minor) * percent / 100
    amounts = [event.fee.amount.minor for event in told if isinstance(event, LateFeeAssessed)]
    assert abs(sum(amounts) - exact) <= Decimal("0.5") and all(amount > 0 for amount in amounts)
