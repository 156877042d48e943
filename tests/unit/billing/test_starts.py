"""A subscription that starts with an event: before it there is no term, and after it everything follows from its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import RampPhase
from services.billing.domain.pricing.validation import PartNotAllowed
from services.billing.domain.quote.co_termination import EndsBefore, ending_with
from services.billing.domain.quote.lines import renewed_line
from services.billing.domain.quote_validation import StartsTooEarly, validate_line
from services.billing.domain.recurring import annual
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.changes import Start
from services.billing.domain.subscription.commands import (
    GivePurchaseOrder,
    NotePayment,
    RequestNonRenewal,
    StartSubscription,
)
from services.billing.domain.subscription.waiting import StartOutOfReach, StartsOtherwise, StillWaiting
from services.billing.messaging.outbound import to_contract
from services.billing.processes.conformance import compare_term
from shared.contracts.billing import SubscriptionCreatedV1
from shared.decider import NotAllowedNow
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, NOON, TAXED, cancel, flat
from tests.unit.billing.test_subscription import CALLS, LINE, ME, new_york
from tests.unit.billing.worth import agreed

SOLD_AT = new_york(2012, 12, 1) + NOON
DELIVERED = Start(kind="delivery", on=date(2013, 2, 15), reference="note 4711")


def to_start(at: datetime, **changed: Any) -> Lifetime:
    """Sold in December, thought of for January, delivered when it is told; by now at an instant."""
    line = replace(AGREED, charges=(TAXED, CALLS), calendar=False, starts="delivery")
    used = [(new_york(2013, 2, 10), 3), (new_york(2013, 2, 20), 5)]
    life = Lifetime(replace(line, **changed), SOLD_AT, used=used)
    life.move(at)
    return life


def told(life: Lifetime) -> list[Any]:
    contracts = (to_contract(event) for event in life.events["subscription", ME])
    return [contract for contract in contracts if contract is not None]


def test_before_it_is_told_to_start_there_is_no_term_to_charge_for() -> None:
    life = to_start(new_york(2015, 1, 1))
    assert (life.subscription.status, life.subscription.waiting) == ("scheduled", "start")
    assert (life.invoices, life.periods, told(life), agreed(life.subscription)) == ([], [], [], {})
    assert annual(life.subscription, date(2013, 6, 1)) == 0
    with pytest.raises(StillWaiting):
        life.say(RequestNonRenewal(reason="budget_lost", at=life.now))
    assert life.say(NotePayment(at=life.now)) == []
    with pytest.raises(NotAllowedNow):
        life.say(GivePurchaseOrder(purchase_order="4711", at=life.now))


def test_the_term_its_bills_and_its_usage_follow_from_the_day_of_the_event() -> None:
    life = to_start(new_york(2013, 2, 18))
    life.say(StartSubscription(start=DELIVERED, at=life.now))
    term = life.subscription.last
    assert (life.subscription.status, term.starts_on, term.ends_on) == ("active", date(2013, 2, 15), date(2014, 2, 15))
    created = told(life)[0]
    assert isinstance(created, SubscriptionCreatedV1)
    assert (created.starts_on, created.ends_on) == (date(2013, 2, 15), date(2014, 2, 15))
    life.move(new_york(2013, 3, 15))
    assert flat(life) == [("2013-02-18", 150_000, 0), ("2013-03-15", 150_500, 0)]  # five calls since the delivery
    assert sum(agreed(life.subscription).values()) == 12 * 150_000
    assert life.differences() == []


def test_the_same_event_changes_nothing_and_another_one_is_refused() -> None:
    life = to_start(new_york(2013, 2, 18))
    life.say(StartSubscription(start=DELIVERED, at=life.now))
    life.move(new_york(2013, 2, 20))
    assert life.say(StartSubscription(start=DELIVERED, at=life.now)) == []
    with pytest.raises(NotAllowedNow):
        life.say(StartSubscription(start=replace(DELIVERED, reference="note 4712"), at=life.now))


def test_an_event_is_the_one_that_was_agreed_and_has_happened() -> None:
    life = to_start(new_york(2013, 2, 18))
    with pytest.raises(StartsOtherwise) as refused:
        life.say(StartSubscription(start=replace(DELIVERED, kind="first_activation"), at=life.now))
    assert refused.value.field == "/kind"
    for on in (date(2013, 2, 19), date(2012, 2, 17)):
        with pytest.raises(StartOutOfReach) as out:
            life.say(StartSubscription(start=replace(DELIVERED, on=on), at=life.now))
        assert out.value.field == "/on"


def test_it_starts_on_its_latest_day_anyhow() -> None:
    life = to_start(new_york(2013, 2, 1), latest_start=date(2013, 2, 1))
    start, term = life.subscription.start, life.subscription.last
    assert (start, term.starts_on) == (Start(kind="latest_start", on=date(2013, 2, 1)), date(2013, 2, 1))
    assert flat(life) == [("2013-02-01", 150_000, 0)]
    life.move(new_york(2013, 2, 18))
    with pytest.raises(NotAllowedNow):
        life.say(StartSubscription(start=DELIVERED, at=life.now))


def test_an_event_that_is_told_before_a_late_clock_does_not_move_the_latest_day() -> None:
    waits = to_start(new_york(2013, 1, 20), latest_start=date(2013, 2, 1))
    waits.say(StartSubscription(start=DELIVERED, at=new_york(2013, 2, 18)))
    assert waits.subscription.last.starts_on == date(2013, 2, 1)
    waits.move(new_york(2013, 3, 1))
    assert [term.starts_on for term in waits.subscription.terms] == [date(2013, 2, 1)]


def test_what_was_started_earlier_hears_nothing_of_its_latest_day() -> None:
    life = to_start(new_york(2013, 1, 12), latest_start=date(2013, 2, 1))
    life.say(StartSubscription(start=replace(DELIVERED, on=date(2013, 1, 10)), at=life.now))
    life.move(new_york(2013, 2, 5))
    assert (life.subscription.anchor, life.subscription.start and life.subscription.start.kind) == (
        date(2013, 1, 10),
        "delivery",
    )


def test_it_is_cancelled_without_a_bill_and_starts_no_more() -> None:
    life = to_start(new_york(2013, 1, 20), latest_start=date(2013, 2, 1))
    life.say(cancel(life.now))
    life.move(new_york(2013, 6, 1))
    assert (life.subscription.status, life.invoices, told(life)) == ("cancelled", [], [])
    assert agreed(life.subscription) == {}
    with pytest.raises(NotAllowedNow):
        life.say(StartSubscription(start=replace(DELIVERED, on=date(2013, 5, 1)), at=life.now))


def test_phases_of_a_ramp_are_counted_from_the_day_of_the_event_also_in_what_was_quoted() -> None:
    ramp = (RampPhase(after_months=1, discount_percent=Decimal(50)),)
    life = to_start(new_york(2013, 2, 18), ramp=ramp, charges=(replace(TAXED, tax_rates=()),))
    life.say(StartSubscription(start=DELIVERED, at=life.now))
    life.move(new_york(2013, 3, 15))
    assert flat(life) == [("2013-02-18", 150_000, 0), ("2013-03-15", 75_000, 0)]
    quoted = replace(life.line, starts_on=date(2013, 2, 15))
    assert list(compare_term(life.subscription, life.subscription.last, quoted)) == []


def test_a_line_that_starts_with_an_event_waits_for_nothing_else() -> None:
    waits = replace(LINE, starts="delivery")
    for changed in ({"trial_days": 14}, {"payment": "prepaid"}, {"ends_on": date(2013, 6, 1)}):
        with pytest.raises(PartNotAllowed) as refused:
            validate_line(replace(waits, **changed), "/lines/0")  # type: ignore[arg-type]
        assert refused.value.field == "/lines/0/starts"
    with pytest.raises(StartsTooEarly):
        validate_line(replace(waits, latest_start=LINE.starts_on - timedelta(days=1)))
    with pytest.raises(PartNotAllowed):
        validate_line(replace(LINE, latest_start=LINE.starts_on))
    renewed = renewed_line(
        replace(waits, latest_start=LINE.starts_on), Decimal(0), LINE.ends_on or LINE.starts_on, "USD"
    )
    assert (renewed.starts, renewed.latest_start) == ("date", None)
    with pytest.raises(EndsBefore):
        ending_with(LINE, to_start(new_york(2012, 12, 10)).subscription, "/lines/0/ends_with")


@settings(deadline=None, max_examples=25)
@given(told_after=st.integers(0, 300), before=st.integers(0, 60), latest=st.none() | st.integers(0, 200))
def test_whenever_it_starts_each_day_of_one_year_is_charged_once(
    told_after: int, before: int, latest: int | None
) -> None:
    latest_start = None if latest is None else LINE.starts_on + timedelta(days=latest)
    life = to_start(SOLD_AT + timedelta(days=told_after), latest_start=latest_start)
    if life.subscription.waiting:
        on = life.subscription.day(life.now) - timedelta(days=before)
        life.say(StartSubscription(start=replace(DELIVERED, on=on), at=life.now))
    life.move(new_york(2016, 1, 1))
    charged = life.days_charged("fee")
    term = life.subscription.last
    assert (sum(charged.values()), max(charged.values())) == ((term.ends_on - term.starts_on).days, 1)
    assert min(charged) == term.starts_on
    assert (SUBSCRIPTION.replay(life.events["subscription", ME]), life.differences()) == (life.subscription, [])
