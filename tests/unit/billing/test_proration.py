"""Parts of periods, by every policy, and the periods themselves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.proration import EmptyPeriod, PartOutsidePeriod, Share, prorate, share
from services.billing.domain.schedule import Rhythm, term_of
from shared.money import Money
from shared.periods import Days
from tests.cases import rows

MARCH = Days(date(2024, 3, 1), date(2024, 4, 1))


@pytest.mark.parametrize("row", rows("proration"), ids=lambda row: row["id"])
def test_proration_meets_the_known_answer(row: dict[str, Any]) -> None:
    amount = prorate(
        Decimal(row["amount"]),
        row["currency"],
        row["policy"],
        days(row["period"]),
        days(row["part"]),
        row.get("zone", "UTC"),
    )
    assert amount == Money(row["expected"]["amount_minor"], row["currency"])


@pytest.mark.parametrize("row", rows("periods"), ids=lambda row: row["id"])
def test_billing_periods_meet_the_known_answer(row: dict[str, Any]) -> None:
    rhythm = Rhythm(date.fromisoformat(row["anchor_on"]), row["every"], row.get("calendar", False))
    found = [period.part for period in islice(rhythm.periods(), len(row["expected"]))]
    assert [[str(part.start), str(part.end)] for part in found] == row["expected"]


def test_the_share_is_told_as_two_whole_numbers() -> None:
    part = Days(date(2024, 3, 5), date(2024, 4, 1))
    assert share("days", MARCH, part) == Share(27, 31)
    assert share("seconds", MARCH, part, "Europe/Berlin") == Share(27 * 86400 - 3600, 31 * 86400 - 3600)
    assert share("fixed_30", MARCH, part) == Share(27, 30)
    assert share("none", MARCH, part) == Share(1, 1)


@given(st.integers(0, 31), st.decimals(0, 10**6, places=2))
def test_the_two_parts_of_a_period_differ_from_the_whole_by_rounding_only(day: int, amount: Decimal) -> None:
    cut = date.fromordinal(MARCH.start.toordinal() + day)
    parts = [Days(MARCH.start, cut), Days(cut, MARCH.end)]
    prorated = Money.total((prorate(amount, "EUR", "days", MARCH, part) for part in parts), "EUR")
    assert abs((prorated - Money.rounded(amount, "EUR")).minor) <= 1


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (Days(date(2024, 2, 28), date(2024, 3, 5)), "/part/starts_on"),
        (Days(date(2024, 3, 28), date(2024, 4, 2)), "/part/ends_on"),
    ],
)
def test_a_part_outside_its_period_is_refused(part: Days, field: str) -> None:
    with pytest.raises(PartOutsidePeriod) as refusal:
        share("days", MARCH, part)
    assert refusal.value.field == field


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    backwards = Days(MARCH.end, MARCH.start)
    with pytest.raises(EmptyPeriod):
        share("days", backwards, MARCH)
    with pytest.raises(EmptyPeriod):
        share("days", MARCH, backwards)


def test_the_first_and_the_last_period_of_a_term_are_cut() -> None:
    term = term_of(date(2024, 3, 5), 2)
    found = list(Rhythm(term.start, "month", calendar=True).within(term))
    assert [(period.part.start, period.part.end) for period in found] == [
        (date(2024, 3, 5), date(2024, 4, 1)),
        (date(2024, 4, 1), date(2024, 5, 1)),
        (date(2024, 5, 1), date(2024, 5, 5)),
    ]
    assert found[2].nominal == Days(date(2024, 5, 1), date(2024, 6, 1))


def test_a_later_term_keeps_the_anchor_of_the_first() -> None:
    term = Days(date(2024, 2, 29), date(2024, 4, 30))
    found = [period.part for period in Rhythm(date(2024, 1, 31), "month").within(term)]
    assert found == [Days(date(2024, 2, 29), date(2024, 3, 31)), Days(date(2024, 3, 31), date(2024, 4, 30))]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 36), st.booleans())
def test_the_periods_of_a_term_leave_no_gap(start: date, months: int, calendar: bool) -> None:
    term = term_of(start, months)
    found = [period.part for period in Rhythm(start, "month", calendar).within(term)]
    assert sum(len(part) for part in found) == len(term)
    assert [part.end for part in found[:-1]] == [part.start for part in found[1:]]


def days(row: dict[str, str]) -> Days:
    return Days(date.fromisoformat(row["starts_on"]), date.fromisoformat(row["ends_on"]))
