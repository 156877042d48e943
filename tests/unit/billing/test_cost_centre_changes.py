"""Whatever days a cost centre is changed on, the money stays the same, and goes over with the days."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from tests.unit.billing.ledger_books import of_stream
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_amendments import CALLS, LEAST, SEATS, TEAM, amend
from tests.unit.billing.test_subscription import new_york

START, END = date(2013, 1, 1), new_york(2014, 2, 1)
SOLD = replace(TEAM, cost_centre="rd")
SHAPES = {
    "plain": SOLD,
    "by year": replace(SOLD, charges=(replace(SEATS, every="year"), CALLS)),
    "whole periods": replace(SOLD, proration="none"),
    "committed": replace(SOLD, charges=(CALLS,), minimum=LEAST),
    "discounted": replace(SOLD, discount_percent=Decimal("12.5"), quantity=7),
}


def life_of(line: AgreedLine, *changes: tuple[int, str]) -> Lifetime:
    """With 10 calls on each day of the year; the cost centre changes so many days after the start."""
    used = [(new_york(2013, 1, 1, 9) + timedelta(days=day), 10) for day in range(365)]
    life = Lifetime(line, new_york(2012, 12, 1), used=used)
    for day, name in sorted(changes):
        on = START + timedelta(days=day)
        life.move(new_york(on.year, on.month, on.day))
        life.say(amend(life.now, cost_centre=name))
    life.move(END)
    return life


def spent(life: Lifetime) -> Counter[str | None]:
    """What stands in the books as billed, by cost centre."""
    found: Counter[str | None] = Counter()
    for (category, _), events in life.events.items():
        for entry in of_stream(events) if category == "invoice" else ():
            for posting in entry.postings:
                if posting.account in ("revenue", "deferred_revenue"):
                    found[posting.cost_centre] -= posting.amount.minor
    return found


def usage(life: Lifetime) -> list[tuple[Any, ...]]:
    lines = (line for i in life.invoices for line in i.lines if line.kind in ("usage", "true_up"))
    return sorted((line.starts_on, line.kind, line.ends_on, line.quantity, line.amount.minor) for line in lines)


def test_a_seat_that_moves_in_the_middle_of_a_month_is_paid_by_both_and_its_calls_by_the_first() -> None:
    life = life_of(SOLD, (10, "ops"))
    january = [line for i in life.invoices for line in i.lines if line.starts_on < date(2013, 2, 1)]
    told = [(line.charge, line.starts_on.day, line.cost_centre, line.amount.minor) for line in january]
    assert sorted(told) == [("calls", 1, "rd", 31_000), ("seats", 1, "rd", 31_000), ("seats", 11, "ops", 21_000)]
    assert [i.credited.minor for i in life.invoices if i.credited.minor] == [21_000]
    assert {line.cost_centre for i in life.invoices for line in i.lines if line.starts_on > date(2013, 1, 31)} == {
        "ops"
    }
    assert spent(life) == {"rd": 41_000, "ops": spent(life_of(SOLD))["rd"] - 41_000}


@pytest.mark.parametrize("shape", SHAPES)
@given(changes=st.lists(st.tuples(st.integers(0, 364), st.sampled_from(["rd", "ops", "lab", ""])), max_size=5))
@settings(max_examples=15, deadline=None)
def test_changes_of_the_cost_centre_change_no_sum_and_no_usage(shape: str, changes: list[tuple[int, str]]) -> None:
    as_sold, changed = life_of(SHAPES[shape]), life_of(SHAPES[shape], *changes)
    assert sum(spent(changed).values()) == sum(spent(as_sold).values())
    assert usage(changed) == usage(as_sold)
    assert changed.differences() == []
