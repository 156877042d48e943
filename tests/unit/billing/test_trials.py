"""A trial before the first term: nothing is charged for, and the term begins with the conversion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.amended_line import LineChange
from services.billing.domain.recurring import annual
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CancelSubscription,
    ConvertTrial,
    PauseSubscription,
    RemindOfTrialEnd,
    RenewTerm,
    RequestNonRenewal,
    WithdrawNonRenewal,
)
from services.billing.domain.subscription.events import (
    SubscriptionCancelled,
    SubscriptionCreated,
    TermStarted,
)
from services.billing.domain.subscription.trial_events import TrialConverted, TrialEnding
from services.billing.processes.schedule import timers_of
from shared.causes import Cause
from shared.decider import NotAllowedNow
from shared.event_store import Recorded, StreamKey
from shared.money import Money
from tests.unit.billing.lifetime import TENANT, Lifetime
from tests.unit.billing.test_cancellation import AGREED, TAXED, flat
from tests.unit.billing.test_subscription import CALLS, LINE, ME, NEXT_QUOTE, new_york
from tests.unit.billing.worth import agreed

NOON = timedelta(hours=12)
NOW = new_york(2012, 11, 20)


def tried(at: datetime, *, days: int = 30, converts: bool = True, **changed: Any) -> Lifetime:
    """From the 2nd of December on; the term is to begin on the 1st of January."""
    line = replace(AGREED, charges=(TAXED, CALLS), calendar=False, trial_days=days, trial_converts=converts)
    calls = [(new_york(2012, 12, 10), 5), (new_york(2013, 1, 10), 7)]
    life = Lifetime(replace(line, **changed), new_york(2012, 11, 20), used=calls)
    life.move(at)
    return life


def test_a_trial_is_told_as_a_term_that_nobody_renews_and_costs_nothing() -> None:
    life = tried(new_york(2012, 12, 31))
    created = life.events["subscription", life.subscription.subscription_id][0]
    assert isinstance(created, SubscriptionCreated)
    facts = created.facts
    assert (facts.term_number, facts.starts_on, facts.ends_on) == (0, date(2012, 12, 2), date(2013, 1, 1))
    assert (facts.renewal.policy, facts.base, facts.features) == ("", Money(0, "USD"), LINE.features)
    assert (life.subscription.status, life.invoices, life.periods) == ("trialing", [], [])
    assert annual(life.subscription, date(2012, 12, 31)) == 0
    assert agreed(life.subscription) == {}


def test_it_converts_by_itself_and_is_billed_from_there() -> None:
    life = tried(new_york(2013, 2, 1))
    assert life.subscription.status == "active"
    assert flat(life) == [("2013-01-01", 150_000, 0), ("2013-02-01", 150_700, 0)]  # seven calls since it converted
    assert life.differences() == []


@pytest.mark.parametrize("phase", ["scheduled", "trialing"])
def test_a_worker_that_is_late_with_the_end_of_a_trial_gives_no_days_away(phase: Any) -> None:
    at = new_york(2013, 1, 3)
    waits = replace(tried(new_york(2012, 12, 31)).subscription, phase=phase)
    cancel = CancelSubscription(at=at, when="now", credit="unused_time", reason="too dear")
    told = SUBSCRIPTION.decide(waits, cancel)
    *_, converted, started, cancelled = told
    assert isinstance(converted, TrialConverted) and isinstance(started, TermStarted)
    assert (converted.term.starts_on, converted.at) == (date(2013, 1, 1), new_york(2013, 1, 1))
    assert isinstance(cancelled, SubscriptionCancelled)
    assert cancelled.facts.term_number == 1
    unconverted = replace(waits, trial=replace(waits.trial, converts=False) if waits.trial else None)
    with pytest.raises(NotAllowedNow):
        SUBSCRIPTION.decide(unconverted, cancel)


def test_who_converts_earlier_has_billing_days_from_that_day_on() -> None:
    life = tried(new_york(2012, 12, 12) + NOON)
    life.say(ConvertTrial(at=life.now))
    life.move(new_york(2013, 2, 20))
    assert [(term.starts_on, term.ends_on) for term in life.subscription.terms] == [
        (date(2012, 12, 12), date(2013, 12, 12))
    ]
    assert [invoice.header.bill.billing_on for invoice in life.invoices] == [
        date(2012, 12, 12),
        date(2013, 1, 12),
        date(2013, 2, 12),
    ]
    assert life.invoices[0].totals.subtotal.minor == 150_000
    assert sum(agreed(life.subscription).values()) == 12 * 150_000
    with pytest.raises(NotAllowedNow):
        life.say(ConvertTrial(at=life.now))


def test_one_that_does_not_convert_by_itself_ends() -> None:
    life = tried(new_york(2013, 6, 1), converts=False)
    assert (life.subscription.status, life.invoices) == ("expired", [])
    with pytest.raises(NotAllowedNow):
        life.say(ConvertTrial(at=life.now))


def test_a_trial_is_cancelled_at_once_or_where_it_ends_and_owes_nothing() -> None:
    for when in ("now", "period_end"):
        life = tried(new_york(2012, 12, 12))
        life.say(CancelSubscription(at=life.now, when=when, credit="unused_time", reason="no use"))  # type: ignore[arg-type]
        life.move(new_york(2013, 6, 1))
        assert (life.subscription.status, life.invoices) == ("cancelled", [])
        cancelled = life.events["subscription", life.subscription.subscription_id][-1]
        assert isinstance(cancelled, SubscriptionCancelled)
        assert (cancelled.facts.term_number, cancelled.facts.renewal.policy) == (0, "")


def reminders(life: Lifetime) -> list[tuple[int, int, bool]]:
    events = life.events["subscription", life.subscription.subscription_id]
    told = (event for event in events if isinstance(event, TrialEnding))
    return [(event.facts.term_number, event.days_left, event.converts) for event in told]


@pytest.mark.parametrize(("days", "reminder_days", "left"), [(30, None, 7), (30, 21, 21), (30, 3, 3), (5, None, 5)])
def test_a_customer_is_reminded_once_of_the_end_of_a_trial(days: int, reminder_days: int | None, left: int) -> None:
    life = tried(new_york(2013, 1, 1) - timedelta(days=left, minutes=1), days=days, trial_reminder_days=reminder_days)
    assert reminders(life) == []
    life.move(new_york(2013, 1, 1) - timedelta(days=left))
    assert reminders(life) == [(0, left, True)]
    assert life.say(RemindOfTrialEnd(at=life.now)) == []
    life.move(new_york(2013, 3, 1))
    assert life.say(RemindOfTrialEnd(at=new_york(2012, 12, 25))) == []
    assert len(reminders(life)) == 1


def test_who_has_converted_or_cancelled_before_is_not_reminded() -> None:
    for said in (
        ConvertTrial(at=new_york(2012, 12, 12)),
        CancelSubscription(at=new_york(2012, 12, 12), when="period_end", credit="none", reason="no use"),
        CancelSubscription(at=new_york(2012, 12, 12), when="now", credit="none", reason="no use"),
    ):
        life = tried(new_york(2012, 12, 12))
        life.say(said)
        life.move(new_york(2013, 2, 1))
        assert reminders(life) == []


def test_a_trial_that_was_agreed_before_there_were_reminders_has_none() -> None:
    created = tried(new_york(2012, 11, 20)).events["subscription", ME][0]
    assert created.trial.reminded_on == date(2012, 12, 25)
    stored = msgspec.json.encode(created).replace(b',"reminded_on":"2012-12-25"', b"")
    read = msgspec.json.decode(stored, type=SubscriptionCreated)
    entry = Recorded(read, StreamKey(TENANT, "subscription", ME), 1, None, Cause(TENANT, NOW, NOW, {}))
    assert [timer.name for timer in timers_of(entry)] == ["term_start", "trial_end"]


def test_before_there_is_a_term_nothing_is_amended_renewed_or_paused() -> None:
    for life in (
        tried(new_york(2012, 11, 25)),
        tried(new_york(2012, 12, 12)),
        tried(new_york(2013, 6, 1), converts=False),
    ):
        for command in (
            AmendSubscription(at=life.now, when="now", change=LineChange(quantity=3)),
            PauseSubscription(at=life.now, until=None, reason="holidays"),
            RenewTerm(term_number=2, line=LINE, quote_id=NEXT_QUOTE, at=life.now),
            RequestNonRenewal(reason="budget_lost", successor_subscription_id=NEXT_QUOTE),
            WithdrawNonRenewal(),
        ):
            with pytest.raises(NotAllowedNow):
                life.say(command)


@settings(deadline=None, max_examples=15)
@given(days=st.integers(1, 60), converted=st.integers(0, 80), converts=st.booleans())
def test_the_year_is_charged_for_from_the_conversion_on_and_no_day_before_it(
    days: int, converted: int, converts: bool
) -> None:
    life = tried(new_york(2012, 11, 21), days=days, converts=converts, charges=(replace(TAXED, tax_rates=()),))
    trial = life.subscription.trial
    assert trial is not None
    life.move(life.subscription.instant(trial.starts_on + timedelta(days=converted)) + NOON)
    if life.subscription.status == "trialing":
        life.say(ConvertTrial(at=life.now))
    life.move(new_york(2015, 1, 1))
    goes_on = converts or converted < days
    assert life.money.minor == (12 * 150_000 if goes_on else 0)
    assert all(line.starts_on >= life.subscription.anchor for invoice in life.invoices for line in invoice.lines)
    assert SUBSCRIPTION.replay(life.events["subscription", life.subscription.subscription_id]) == life.subscription
