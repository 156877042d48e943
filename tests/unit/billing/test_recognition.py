"""Revenue is earned by day, on delivery or at once, and always comes to the line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.invoice_line import InvoiceLine, LineKind
from services.billing.domain.ledger.recognition import POLICIES, Stretch, earned, stretches
from shared.money import Money
from shared.periods import Days
from tests.unit.billing.firm import Firm

LINE: InvoiceLine = Firm().closed({"JFK": 1}).original.lines[0]
DAYS = some.dates(date(2020, 1, 1), date(2030, 1, 1))


def line(kind: LineKind, starts_on: date, ends_on: date, minor: int) -> InvoiceLine:
    return replace(LINE, kind=kind, starts_on=starts_on, ends_on=ends_on, amount=Money(minor, "USD"))


def planned(kind: LineKind, starts_on: date, ends_on: date, minor: int, on: date) -> tuple[Stretch, ...]:
    wanted = line(kind, starts_on, ends_on, minor)
    return stretches(wanted, wanted.amount, on)


def months(found: tuple[Stretch, ...]) -> list[tuple[date, int]]:
    return [(stretch.earned_on, stretch.amount.minor) for stretch in found]


def test_every_kind_of_line_has_a_policy() -> None:
    assert set(POLICIES) == set(get_args(LineKind))


def test_a_flat_line_is_earned_by_day_over_its_months() -> None:
    found = planned("flat", date(2024, 1, 15), date(2024, 4, 15), 9100, date(2024, 1, 15))
    assert months(found) == [
        (date(2024, 1, 31), 1700),
        (date(2024, 2, 29), 2900),
        (date(2024, 3, 31), 3100),
        (date(2024, 4, 14), 1400),
    ]


def test_a_late_document_catches_up_in_its_own_month() -> None:
    found = planned("flat", date(2024, 1, 15), date(2024, 4, 15), 9100, date(2024, 3, 20))
    assert months(found) == [(date(2024, 3, 31), 7700), (date(2024, 4, 14), 1400)]


def test_what_is_over_when_it_is_billed_is_earned_at_once() -> None:
    assert planned("flat", date(2024, 1, 1), date(2024, 2, 1), 3100, date(2024, 2, 1)) == ()
    assert planned("flat", date(2024, 1, 1), date(2024, 2, 1), 3100, date(2024, 1, 31)) == ()
    assert planned("reinstatement", date(2024, 1, 1), date(2025, 1, 1), 3100, date(2024, 1, 1)) == ()


def test_usage_is_earned_when_its_period_ends() -> None:
    assert planned("usage", date(2024, 1, 1), date(2024, 2, 1), 3100, date(2024, 2, 1)) == ()
    assert months(planned("usage", date(2024, 1, 1), date(2024, 2, 1), 3100, date(2024, 1, 10))) == [
        (date(2024, 1, 31), 3100)
    ]


@pytest.mark.parametrize(("days", "minor"), [(0, 0), (1, 33), (2, 67), (3, 100), (9, 100)])
def test_a_day_is_rounded_half_away_from_zero_and_none_is_lost(days: int, minor: int) -> None:
    over = Days(date(2024, 1, 1), date(2024, 1, 4))
    assert earned(Money(100, "USD"), over, over.start + timedelta(days=days)) == Money(minor, "USD")
    assert earned(Money(-100, "USD"), over, over.start + timedelta(days=days)) == Money(-minor, "USD")


@given(DAYS, some.integers(1, 800), some.integers(-(10**12), 10**12), some.integers(-900, 900))
def test_the_months_of_a_line_come_to_the_line_and_what_takes_it_back_mirrors_them(
    starts_on: date, length: int, minor: int, late: int
) -> None:
    ends_on, on = starts_on + timedelta(days=length), starts_on + timedelta(days=late)
    found = planned("flat", starts_on, ends_on, minor, on)
    back = planned("flat", starts_on, ends_on, -minor, on)
    assert not found or sum(stretch.amount.minor for stretch in found) == minor
    assert [(s.earned_on, -s.amount.minor) for s in back] == months(found)
    assert all(stretch.earned_on >= on for stretch in found)
    assert len({stretch.earned_on.strftime("%Y-%m") for stretch in found}) == len(found)
    assert bool(found) == (on < ends_on - timedelta(days=1))
