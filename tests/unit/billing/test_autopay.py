"""Autopay: on the due day, again by the schedule, one attempt at a time, and never after a success."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.autopay import (
    AUTOPAY,
    Autopay,
    AutopayFailed,
    AutopayPostponed,
    AutopayRequested,
    AutopaySucceeded,
    OfInstalment,
    Outcome,
    Owed,
    RecordOutcome,
    RequestAttempt,
    RequestInstalment,
    ScheduleAutopay,
    attempts_at,
)
from services.billing.domain.payment_profile import PaymentMethod, is_iban, looks_like_a_card
from services.billing.processes import autopaying, schedule
from shared.causes import Cause
from shared.event_store import Recorded, StreamKey
from shared.money import Money

OWED = Owed(
    invoice_id=UUID(int=1),
    invoice="INV-1",
    subscription_id=UUID(int=2),
    customer_id=UUID(int=3),
    customer_key="vx",
)
NEW_YEAR = datetime(2013, 1, 1, 5, tzinfo=UTC)
INSTANTS = attempts_at(date(2013, 1, 16), "America/New_York", (3, 5), NEW_YEAR)
METHOD = PaymentMethod(provider="test", token="tok_1")


def request(number: int, minor: int = 100) -> RequestAttempt:
    return RequestAttempt(amount=Money(minor, "USD"), method=METHOD, at=INSTANTS[number - 1])


def record(autopay: Autopay, outcome: Outcome, key: UUID | None = None) -> RecordOutcome:
    under_way = autopay.under_way.key if autopay.under_way else UUID(int=0)
    return RecordOutcome(key=key or under_way, outcome=outcome, reference="ch_1", reason="declined", at=NEW_YEAR)


def after(*steps: Any) -> Autopay:
    state = AUTOPAY.initial
    for step in (ScheduleAutopay(owed=OWED, attempts_at=INSTANTS), *steps):
        command = record(state, step) if isinstance(step, str) else step  # type: ignore[arg-type]
        for event in AUTOPAY.decide(state, command):
            state = AUTOPAY.evolve(state, event)
    return state


def test_attempts_fall_on_the_customers_days_and_never_in_the_past() -> None:
    assert tuple(datetime(2013, 1, day, 5, tzinfo=UTC) for day in (16, 19, 21)) == INSTANTS
    late = datetime(2013, 1, 20, 12, tzinfo=UTC)
    assert attempts_at(date(2013, 1, 16), "America/New_York", (3, 5), late) == (late, INSTANTS[2])


def test_a_failure_is_told_and_only_the_last_one_is_the_last() -> None:
    told = []
    steps: list[Any] = []
    for number in (1, 2, 3):
        state = after(*steps, request(number))
        [failed] = AUTOPAY.decide(state, record(state, "failed"))
        assert isinstance(failed, AutopayFailed)
        told.append((failed.attempt.number, failed.attempt.is_last))
        steps += [request(number), "failed"]
    assert told == [(1, False), (2, False), (3, True)]
    assert AUTOPAY.decide(after(*steps), request(3)) == []


def test_after_a_success_nothing_is_charged() -> None:
    state = after(request(1))
    [succeeded] = AUTOPAY.decide(state, record(state, "succeeded"))
    assert isinstance(succeeded, AutopaySucceeded)
    assert AUTOPAY.decide(after(request(1), "succeeded"), request(2)) == []


def test_while_an_attempt_is_under_way_none_is_begun() -> None:
    for steps in ([request(1)], [request(1), "pending"]):
        assert AUTOPAY.decide(after(*steps), request(2)) == []


def test_an_answer_counts_once_and_for_its_own_attempt_only() -> None:
    answered = after(request(1), "failed")
    assert AUTOPAY.decide(answered, record(answered, "succeeded")) == []
    second = after(request(1), "failed", request(2))
    assert answered.made == 1 and second.under_way is not None
    [requested] = AUTOPAY.decide(answered, request(2))
    assert isinstance(requested, AutopayRequested)
    first = AUTOPAY.decide(after(), request(1))[0].attempt.key
    assert requested.attempt.key != first
    assert AUTOPAY.decide(second, record(second, "succeeded", first)) == []


def test_nothing_is_charged_for_what_is_not_owed_or_was_not_scheduled() -> None:
    assert AUTOPAY.decide(after(), request(1, minor=0)) == []
    assert AUTOPAY.decide(AUTOPAY.initial, request(1)) == []


@given(st.lists(st.one_of(st.integers(1, 3).map(request), st.sampled_from(get_args(Outcome))), max_size=15))
def test_whatever_happens_there_is_one_success_at_most_and_no_attempt_after_it(steps: list[Any]) -> None:
    state, succeeded, requested = after(), 0, 0
    for step in steps:
        command = record(state, step) if isinstance(step, str) else step  # type: ignore[arg-type]
        for event in AUTOPAY.decide(state, command):
            assert not succeeded
            succeeded += isinstance(event, AutopaySucceeded)
            requested += isinstance(event, AutopayRequested)
            state = AUTOPAY.evolve(state, event)
    assert succeeded <= 1 and requested <= len(INSTANTS)


def test_numbers_of_cards_are_known_by_their_check_digit_however_they_are_written() -> None:
    cards = ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005", "6011111111111117"]
    assert all(looks_like_a_card(card) for card in cards)
    tokens = ["tok_4242424242424242", "4242424242424241", "42424242", "", "pm_1", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"]
    assert not any(looks_like_a_card(token) for token in tokens)


@given(st.integers(0, 9), st.integers(0, 21))
def test_a_mistyped_digit_of_an_iban_is_found(digit: int, place: int) -> None:
    iban = "DE89370400440532013000"
    mistyped = iban[:place] + str(digit) + iban[place + 1 :]
    assert is_iban(mistyped) == (mistyped == iban)


def test_an_attempt_that_the_provider_sat_on_past_the_schedule_is_made_up_for_a_day_later() -> None:
    waiting = after(request(1), "pending")
    at = INSTANTS[-1] + timedelta(hours=1)
    command = replace(record(waiting, "failed"), at=at)
    failed, postponed = AUTOPAY.decide(waiting, command)
    assert isinstance(failed, AutopayFailed) and not failed.attempt.is_last
    assert isinstance(postponed, AutopayPostponed) and postponed.attempts_at == (at + timedelta(days=1),)
    again = AUTOPAY.evolve(AUTOPAY.evolve(waiting, failed), postponed)
    [made] = AUTOPAY.decide(again, replace(request(1), at=at + timedelta(days=1)))
    assert isinstance(made, AutopayRequested) and made.attempt.is_last


def test_nobody_gives_up_before_a_week_is_over_or_twice() -> None:
    waiting = after(request(1), "pending")
    assert list(autopaying.on_given_up(waiting, INSTANTS[0] + timedelta(days=6))) == []
    [order] = autopaying.on_given_up(waiting, INSTANTS[0] + timedelta(days=7))
    [failed, _] = AUTOPAY.decide(waiting, order.command)
    assert isinstance(failed, AutopayFailed) and failed.reference == "ch_1"
    assert list(autopaying.on_given_up(AUTOPAY.evolve(waiting, failed), INSTANTS[0] + timedelta(days=8))) == []


DAY = datetime(2013, 2, 1, 5, tzinfo=UTC)
PLANNED = OfInstalment(plan_id=UUID(int=8), last_attempt_at=DAY + timedelta(days=5))


def of_plan(minor: int = 40, days: int = 0) -> RequestInstalment:
    at = DAY + timedelta(days=days)
    return RequestInstalment(owed=OWED, instalment=PLANNED, amount=Money(minor, "USD"), method=METHOD, at=at)


def planned(*steps: Any) -> Autopay:
    """Of an invoice that nobody had scheduled."""
    state = AUTOPAY.initial
    for step in steps:
        command = record(state, step) if isinstance(step, str) else step  # type: ignore[arg-type]
        for event in AUTOPAY.decide(state, command):
            state = AUTOPAY.evolve(state, event)
    return state


def test_instalments_are_charged_one_after_the_other_whatever_succeeded_before() -> None:
    state = planned(of_plan(), "succeeded")
    [second] = AUTOPAY.decide(state, of_plan(30, 3))
    assert isinstance(second, AutopayRequested)
    assert (second.attempt.number, second.attempt.is_last, second.attempt.amount.minor) == (2, False, 30)
    assert AUTOPAY.decide(AUTOPAY.evolve(state, second), of_plan()) == []  # one at a time
    [last] = AUTOPAY.decide(state, of_plan(30, 5))
    assert isinstance(last, AutopayRequested) and last.attempt.is_last
    assert AUTOPAY.decide(state, of_plan(0)) == []


def test_instalments_take_nothing_of_the_schedule_of_their_invoice() -> None:
    before = after(of_plan(), "succeeded", of_plan(), "failed", of_plan(), "succeeded", of_plan(), "succeeded")
    [requested] = AUTOPAY.decide(before, request(1))
    assert isinstance(requested, AutopayRequested)
    assert (requested.attempt.number, requested.attempt.instalment) == (5, None)


def test_an_instalment_whose_provider_was_too_slow_is_tried_once_more_by_its_plan() -> None:
    state = planned(of_plan())
    assert state.under_way is not None
    late = RecordOutcome(
        key=state.under_way.key, outcome="failed", reference="", reason="slow", at=DAY + timedelta(days=7)
    )
    [_, postponed] = AUTOPAY.decide(state, late)
    assert isinstance(postponed, AutopayPostponed) and postponed.instalment == PLANNED
    cause = Cause(UUID(int=9), DAY, DAY, {})
    [timer] = schedule.timers_of(Recorded(postponed, StreamKey(UUID(int=9), "autopay", UUID(int=1)), 1, None, cause))
    assert (timer.name, timer.subject, timer.fire_at) == ("instalments_due", UUID(int=8), late.at + timedelta(days=1))
    assert AUTOPAY.evolve(state, postponed).attempts_at == ()
