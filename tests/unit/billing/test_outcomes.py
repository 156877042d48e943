"""What renewals won is metered like usage: each once, in its own time, whichever order the news come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.catalogue import PLAN as CATALOGUE
from services.billing.domain.catalogue import PublishPlan
from services.billing.domain.outcome import (
    WON_RENEWAL,
    WON_RENEWALS,
    MalformedOutcome,
    NoteWonRenewal,
    OutcomeSource,
    WonRenewal,
    digest,
)
from services.billing.domain.plan_validation import validate_plan
from services.billing.domain.pricing.validation import PartNotAllowed
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.usage_period import USAGE_PERIOD, OpenUsagePeriod, ShortenUsagePeriod, UsagePeriod
from services.billing.messaging.outbound import to_contract
from services.billing.processes import outcomes, schedule
from shared.causes import Cause
from shared.errors import DomainError
from shared.event_store import Recorded, StreamKey
from shared.money import Money
from tests.unit.billing.offers import PLAN, PLAN_ID
from tests.unit.billing.prices import flat, metered, per_unit

START, END = datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 2, 1, 5, tzinfo=UTC)
PERIOD_ID = UUID(int=1)
SHARE = replace(metered("calls", per_unit("0.1")), meter=None, outcome=OutcomeSource(customers=("VX",)))


def opened(source: OutcomeSource | None = SHARE.outcome) -> OpenUsagePeriod:
    return OpenUsagePeriod(
        subscription_id=UUID(int=2),
        customer_id=UUID(int=3),
        subjects=("client",),
        meter=WON_RENEWALS,
        group_by=(),
        item=UsageItem(
            charge="share",
            period_id=PERIOD_ID,
            starts_on=date(2013, 1, 1),
            ends_on=date(2013, 2, 1),
            nominal_starts_on=date(2013, 1, 1),
            nominal_ends_on=date(2013, 2, 1),
            term_number=1,
        ),
        starts_at=START,
        ends_at=END,
        collect_seconds=3600,
        outcome=source,
    )


class Counting:
    """One period, and what was told of it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.known: dict[UUID, WonRenewal] = {}
        self.tell(opened())

    @property
    def period(self) -> UsagePeriod:
        period: UsagePeriod | None = USAGE_PERIOD.replay(self.events)
        assert period is not None
        return period

    def tell(self, command: Any) -> None:
        self.events += USAGE_PERIOD.decide(USAGE_PERIOD.replay(self.events), command)

    def close(self, at: datetime = END + timedelta(hours=1)) -> None:
        for order in outcomes.on_due(self.period, self.totals, at):
            self.tell(order.command)

    def win(self, renewal: WonRenewal) -> None:
        self.known.setdefault(renewal.opportunity_id, renewal)
        for order in outcomes.on_news(self.period, self.totals, "renewal_won", [renewal.opportunity_id]):
            self.tell(order.command)

    @property
    def totals(self) -> Any:
        return outcomes.totals_of(self.period, list(self.known.values()), "USD")

    def counted(self, revision: int) -> set[int]:
        found = outcomes.counted(self.events, revision, self.known.values(), "USD")
        return {renewal.opportunity_id.int for renewal in found}


def won(
    number: int, minor: int = 10_000, customer: str = "VX", at: datetime = START, currency: str = "USD"
) -> WonRenewal:
    return WonRenewal(
        opportunity_id=UUID(int=number),
        subscription_id=UUID(int=number + 100),
        customer_key=customer,
        term_number=1,
        value=Money(minor, currency),
        won_at=at,
    )


def test_what_was_won_in_the_period_of_whom_it_names_is_its_quantity() -> None:
    till = Counting()
    last = END - timedelta(microseconds=1)
    for renewal in (
        won(1),
        won(2, 150, at=last),
        won(3, at=END),
        won(4, at=START - timedelta(seconds=1)),
        won(5, customer="AA"),
        won(6, currency="EUR"),
    ):
        till.win(renewal)
    till.close(END)  # there is an hour for late news
    assert not till.period.closed
    till.close()
    [total] = till.period.totals
    assert (total.quantity, total.count, total.digest) == (Decimal("101.50"), 2, digest([UUID(int=2), UUID(int=1)]))


def test_late_news_revise_the_period_once_and_the_line_of_then_keeps_its_reasons() -> None:
    till = Counting()
    till.win(won(1))
    till.close()
    for _ in range(2):
        till.win(won(2))
    assert (till.period.revision, till.period.totals[0].count) == (1, 2)
    assert (till.counted(0), till.counted(1)) == ({1}, {1, 2})


def test_nothing_won_is_nothing_metered_and_everybody_counts_where_nobody_is_named() -> None:
    till = Counting()
    till.close()
    assert (till.period.closed, till.period.totals) == (True, ())
    assert OutcomeSource().names("anybody")


def test_what_was_shortened_after_it_had_closed_counts_less() -> None:
    till = Counting()
    till.win(won(1))
    till.win(won(2, at=END - timedelta(days=1)))
    till.close()
    till.tell(ShortenUsagePeriod(ends_on=date(2013, 1, 15), ends_at=START + timedelta(days=14)))
    for order in outcomes.on_news(till.period, till.totals, "shortened", ()):
        till.tell(order.command)
    assert (till.period.revision, till.period.totals[0].count) == (1, 1)


def test_usage_is_not_asked_and_our_own_clock_is_set() -> None:
    [event] = USAGE_PERIOD.decide(None, opened())
    assert to_contract(event) is None
    [metered_event] = USAGE_PERIOD.decide(None, opened(None))
    assert to_contract(metered_event) is not None
    cause = Cause(UUID(int=9), START, START, {})
    [timer] = schedule.timers_of(Recorded(event, StreamKey(UUID(int=9), "usage_period", PERIOD_ID), 1, None, cause))
    assert (timer.name, timer.fire_at) == ("outcomes_due", END + timedelta(hours=1))


def test_a_renewal_is_noted_once() -> None:
    [noted] = WON_RENEWAL.decide(None, NoteWonRenewal(renewal=won(1)))
    assert WON_RENEWAL.decide(WON_RENEWAL.evolve(None, noted), NoteWonRenewal(renewal=won(1))) == []


@pytest.mark.parametrize(
    ("wrong", "refusal", "field"),
    [
        (replace(SHARE, meter="departures"), PartNotAllowed, "meter"),
        (replace(SHARE, group_by=("origin",)), PartNotAllowed, "group_by"),
        (replace(SHARE, outcome=OutcomeSource(customers=("VX", "VX"))), MalformedOutcome, "outcome/customers/1"),
        (replace(SHARE, outcome=OutcomeSource(customers=("",))), MalformedOutcome, "outcome/customers/0"),
        (replace(flat("seats", "1"), outcome=OutcomeSource()), PartNotAllowed, "outcome"),
    ],
)
def test_an_outcome_stands_in_for_a_meter(wrong: Any, refusal: type[DomainError], field: str) -> None:
    with pytest.raises(refusal) as refused:
        validate_plan(replace(PLAN, prices={"USD": (wrong,)}, minimums={}))
    assert refused.value.field == f"/prices/USD/0/{field}"  # type: ignore[attr-defined]


def test_a_plan_of_outcomes_needs_no_meter_of_usage() -> None:
    plan = replace(PLAN, prices={"USD": (SHARE,)}, minimums={}, renewal_policy=None)
    assert CATALOGUE.decide(None, PublishPlan(plan_id=PLAN_ID, plan=plan, meters={}, policies=()))


@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(0, 5_000), st.sampled_from(["VX", "AA"]), st.integers(-2, 33)),
        max_size=12,
        unique_by=lambda told: told[0],
    ),
    st.data(),
)
def test_whatever_comes_when_and_how_often_the_period_ends_with_the_same(news: Any, data: st.DataObject) -> None:
    """The closing may be before, between and after the news, and each of them may be told again."""
    renewals = [won(id_, minor, customer, START + timedelta(days=day)) for id_, minor, customer, day in news]
    told = data.draw(st.permutations([*renewals, *renewals, None]))
    till = Counting()
    for each in told:
        till.close() if each is None else till.win(each)
    expected = [each for each in renewals if each.customer_key == "VX" and START <= each.won_at < END]
    found = till.period.totals
    assert sum((total.quantity for total in found), Decimal(0)) == sum((e.value.major for e in expected), Decimal(0))
    assert sum(total.count for total in found) == len(expected)
    assert till.counted(till.period.revision) == {each.opportunity_id.int for each in expected}
    assert till.period.revision <= len(expected)
