"""A change of the cost centre changes no document but by its name, from the first periods that begin on its day or later."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.budget.spending import committed
from services.billing.domain.contract_value import items_of
from services.billing.domain.invoice_line import InvoiceLine
from shared.periods import Days
from tests.unit.billing.ledger_books import of_stream
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.prices import price, tiers
from tests.unit.billing.test_amendments import CALLS, LEAST, SEATS, TEAM, amend
from tests.unit.billing.test_subscription import new_york
from tests.unit.billing.worth import billed_of

START, END = date(2013, 1, 1), new_york(2014, 2, 1)
STEPPED = replace(CALLS, price=price("graduated", tiers=tiers(("100", "3"), (None, "1"))))
SOLD = replace(TEAM, charges=(SEATS, STEPPED), cost_centre="rd")
SHAPES = {
    "in advance": SOLD,
    "in arrears, months of 30 days": replace(
        SOLD, charges=(replace(SEATS, in_advance=False), STEPPED), proration="fixed_30"
    ),
    "by year": replace(SOLD, charges=(replace(SEATS, every="year"), STEPPED)),
    "whole periods": replace(SOLD, proration="none"),
    "by the highest quantity": replace(SOLD, charges=(replace(SEATS, high_water=True), STEPPED)),
    "committed": replace(SOLD, charges=(STEPPED,), minimum=LEAST),
    "in steps": replace(SOLD, ramp=(RampPhase(after_months=1, quantity=12), RampPhase(after_months=6, quantity=20))),
    "discounted": replace(SOLD, discount_percent=Decimal("12.5"), quantity=7),
}
Change = tuple[int, dict[str, Any]]


def life_of(line: AgreedLine, *changes: Change, end: datetime = END) -> Lifetime:
    """With 10 calls on each day of the year; changes are made so many days after the start."""
    used = [(new_york(2013, 1, 1, 9) + timedelta(days=day), 10) for day in range(365)]
    life = Lifetime(line, new_york(2012, 12, 1), used=used)
    for day, change in sorted(changes, key=lambda each: each[0]):
        on = START + timedelta(days=day)
        life.move(new_york(on.year, on.month, on.day))
        life.say(amend(life.now, **change))
    life.move(end)
    return life


def lines(life: Lifetime) -> list[InvoiceLine]:
    return [line for i in life.invoices for line in i.lines]


def documents(life: Lifetime) -> list[tuple[Any, ...]]:
    """Every line that was charged or credited, but for its cost centre and the number of the amendment."""
    credited = [line for i in life.invoices for carried in i.unused for line in carried.lines]
    told = [(1, line) for line in lines(life)] + [(-1, line) for line in credited]
    return sorted((sign, x.charge, x.kind, x.starts_on, x.ends_on, x.quantity, x.amount.minor) for sign, x in told)


def spent(life: Lifetime) -> Counter[str | None]:
    """What stands in the books as billed, by cost centre."""
    found: Counter[str | None] = Counter()
    for (category, _), events in life.events.items():
        for entry in of_stream(events) if category == "invoice" else ():
            for posting in entry.postings:
                if posting.account in ("revenue", "deferred_revenue"):
                    found[posting.cost_centre] -= posting.amount.minor
    return found


def to(name: str, day: int) -> Change:
    return day, {"cost_centre": name}


def test_what_has_begun_is_for_the_one_before_and_what_begins_for_the_new_one() -> None:
    life = life_of(SOLD, to("ops", 10), to("", 200))
    told = {(line.charge, line.starts_on.month): line.cost_centre for line in lines(life)}
    assert [told["seats", month] for month in (1, 2, 7, 8, 12)] == ["rd", "ops", "ops", None, None]
    assert [told["calls", month] for month in (1, 2, 7, 8, 12)] == ["rd", "ops", "ops", None, None]
    assert not any(i.credited.minor for i in life.invoices)
    as_sold = spent(life_of(SOLD))["rd"]
    assert sum(spent(life).values()) == as_sold and spent(life)["rd"] == 31_000 + 30_000 + 21_000


changes = st.lists(st.tuples(st.integers(0, 150), st.sampled_from(["rd", "ops", "lab", ""])), max_size=5)
quantities = st.lists(st.tuples(st.integers(0, 150), st.integers(1, 15)), max_size=3, unique_by=lambda each: each[0])


@pytest.mark.parametrize("shape", SHAPES)
@given(moves=changes, others=quantities)
@settings(max_examples=10, deadline=None)
def test_no_document_is_another_one_for_it_whatever_else_is_changed(
    shape: str, moves: list[tuple[int, str]], others: list[tuple[int, int]]
) -> None:
    real: list[Change] = [(day, {"quantity": quantity}) for day, quantity in others]
    all_of_it = [*real, *(to(name, day) for day, name in moves)]
    plain, moved = (life_of(SHAPES[shape], *each, end=new_york(2013, 7, 2)) for each in (real, all_of_it))
    assert documents(moved) == documents(plain)
    assert moved.differences() == []
    for line in lines(moved):
        day = (line.starts_on - START).days
        before = [name for on, name in sorted(moves, key=lambda each: each[0]) if on <= day]
        if day not in dict(moves):  # what was billed when the day began stays
            assert line.cost_centre == ((before[-1] or None) if before else "rd")


def test_late_usage_is_for_the_cost_centre_that_the_line_was_for() -> None:
    life = life_of(SOLD, to("ops", 40))
    january = next(period for period in life.periods if period.item.starts_on == START)
    life.revise(january.item.period_id, 400)
    [corrected] = [line for line in lines(life) if line.corrects]
    assert (corrected.cost_centre, corrected.amount.minor) == ("rd", 9_000)


def test_what_will_be_credited_is_committed_on_the_day_of_the_credit() -> None:
    life = Lifetime(replace(SOLD, charges=(replace(SEATS, every="year"),)), new_york(2012, 12, 1))
    life.move(new_york(2013, 5, 1))
    life.say(amend(life.now, when=date(2013, 7, 1), quantity=20))
    parts = items_of(life.subscription), billed_of(life.subscription, [])
    of_quarter = [
        committed(*parts, Days(date(2013, start, 1), date(2013, start + 3, 1)), date(2013, 5, 1))["rd"]
        for start in (4, 7)
    ]
    # Of 310.00 for ten a year the 184 days from July on are given back, and charged for twenty.
    assert of_quarter == [0, 31_000 * 184 // 365 + 1]
    year = committed(*parts, Days(START, date(2014, 1, 1)), date(2013, 5, 1))["rd"]
    life.move(new_york(2013, 7, 2))
    assert spent(life) == {"rd": 31_000 + year}
