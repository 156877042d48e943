"""A rule tops a wallet up: once each time it falls below the threshold, within its limits, and what is bought was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.events import (
    CreditPurchased,
    CreditPurchaseFailed,
    CreditPurchaseRequested,
    TopUpHeld,
    TopUpRule,
    TopUpSet,
    TopUpStopped,
    purchase_key,
    purchase_name,
)
from services.billing.domain.top_up.state import GIVEN_UP_AFTER, MalformedTopUp, NotToppedUp
from services.billing.domain.wallet.events import Rollover, WalletTerms
from services.billing.domain.wallet.state import Wallet
from services.billing.processes import schedule, topping_up
from shared.causes import Cause
from shared.event_store import Recorded, StreamKey
from shared.money import Money
from tests.unit.billing.counter import RULE, WALLET_ID, Counter
from tests.unit.billing.ledger_books import balances
from tests.unit.billing.till import usd


def kinds(events: Sequence[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_nothing_is_bought_as_long_as_enough_is_left() -> None:
    till = Counter()
    assert till.draw(200) == []  # 100 is not below 100
    [requested] = till.draw(1)
    assert isinstance(requested, CreditPurchaseRequested)
    assert (requested.purchase.amount, requested.purchase.left) == (usd(500), usd(99))
    assert purchase_key(purchase_name(requested.purchase.key)) == requested.purchase.key


def test_what_is_bought_counts_once_it_is_paid_and_is_a_wallet_of_its_own() -> None:
    till = Counter(replace(RULE, keep_days=30))
    till.draw(250)
    assert (till.balance, till.look()) == (50, [])
    assert kinds(till.answer("pending")) == ["CreditPurchasePending"]
    assert till.balance == 50
    told = kinds(till.answer("succeeded"))
    assert told == ["ChargeSucceeded", "PaymentReceived", "CreditBought", "CreditGranted", "CreditPurchased"]
    assert (till.balance, till.rule.spent) == (550, usd(500))
    bought: Wallet = till.states["wallet", till.rule.bought[0]]
    assert (bought.facts.promotional, bought.facts.topped_up_as) == (False, WALLET_ID)
    assert bought.terms.expires_on == till.today + timedelta(days=30)
    assert balances(till.booked()) == {
        "cash": 500,
        "prepaid_credit": -500,
        "promotional_credit": 250,
        "receivables": -250,
    }


def test_a_failure_stops_the_rule_until_a_person_sets_it_again() -> None:
    till = Counter()
    till.draw(300)
    assert kinds(till.answer("failed")) == ["ChargeFailed", "CreditPurchaseFailed", "TopUpStopped"]
    assert (till.rule.status, till.look(), till.payments) == ("stopped", [], [])
    assert kinds(till.set()) == ["TopUpSet", "CreditPurchaseRequested"]
    till.answer("succeeded", "ch_2")
    assert (till.rule.status, till.balance) == ("active", 500)


def test_without_a_method_that_is_charged_by_itself_it_stops() -> None:
    till = Counter()
    till.method = None
    [stopped] = till.draw(300)
    assert isinstance(stopped, TopUpStopped) and stopped.stopped_for == "nothing_to_charge"


def test_so_often_in_a_month_and_on_in_the_next() -> None:
    till = Counter()
    for number in (1, 2):
        till.draw(till.balance)
        till.answer("succeeded", f"ch_{number}")
    [held] = till.draw(till.balance)
    assert isinstance(held, TopUpHeld) and held.until == datetime(2013, 3, 1, 5, tzinfo=UTC)
    assert (till.rule.status, till.look()) == ("held", [])
    till.today = date(2013, 3, 1)
    assert kinds(till.look()) == ["CreditPurchaseRequested"]
    assert till.rule.status == "active"


def test_no_more_than_the_limit_in_all() -> None:
    till = Counter(replace(RULE, limit=usd(999)))
    till.draw(300)
    till.answer("succeeded")
    [stopped] = till.draw(500)
    assert isinstance(stopped, TopUpStopped) and stopped.stopped_for == "limit_reached"
    assert kinds(till.set(replace(RULE, limit=usd(1000)))) == ["TopUpSet", "CreditPurchaseRequested"]


def test_what_the_bank_took_back_is_not_charged_for_again() -> None:
    till = Counter()
    till.draw(300)
    till.answer("succeeded")
    till.dispute()
    assert till.balance == 0
    [stopped] = till.look()
    assert isinstance(stopped, TopUpStopped) and stopped.stopped_for == "payment_taken_back"


def test_a_purchase_of_which_nobody_tells_has_failed_and_its_money_waits() -> None:
    till = Counter()
    till.draw(300)
    till.answer("pending")
    purchase = till.rule.under_way
    assert purchase is not None
    later = till.at + GIVEN_UP_AFTER
    assert list(topping_up.on_given_up(till.rule, later - timedelta(seconds=1))) == []
    assert kinds(till.carry_out(topping_up.on_given_up(till.rule, later))) == ["CreditPurchaseFailed", "TopUpStopped"]
    told = topping_up.on_answer(purchase, "succeeded", "ch_1_1", "", till.at, till.cashier)
    assert kinds(till.carry_out(told)) == ["ChargeSucceeded", "PaymentReceived"]
    assert (till.balance, till.payments[0].unapplied) == (0, usd(500))


def test_switched_off_it_buys_no_more_but_what_was_asked_for() -> None:
    till = Counter()
    till.draw(300)
    till.switch_off()
    assert kinds(till.answer("succeeded"))[-1] == "CreditPurchased"
    assert (till.draw(500), till.rule.status) == ([], "off")


def test_what_is_bought_has_a_receipt_and_nothing_else_takes_a_number() -> None:
    till = Counter()
    till.draw(300)
    till.answer("pending")
    till.answer("failed")
    till.set()
    till.answer("succeeded", "ch_2")
    till.draw(500)
    till.today = date(2013, 2, 28)
    till.answer("succeeded", "ch_3")
    assert [(receipt.number, receipt.issued_on) for receipt in till.receipts] == [
        ("HUD-RC-000001", date(2013, 2, 1)),
        ("HUD-RC-000002", date(2013, 2, 28)),
    ]
    assert "tax_payable" not in balances(till.booked())


def test_what_was_bought_before_there_were_receipts_is_bought_all_the_same() -> None:
    till = Counter()
    till.draw(300)
    before, told = till.rule, till.answer("succeeded")[-1]
    assert isinstance(told, CreditPurchased) and told.receipt is not None
    assert TOP_UP.evolve(before, replace(told, receipt=None)) == till.rule


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"threshold": usd(0)}, "/threshold_minor"),
        ({"amount": usd(99)}, "/amount_minor"),
        ({"most_in_month": 0}, "/most_in_month"),
        ({"most_in_month": 32}, "/most_in_month"),
        ({"limit": usd(499)}, "/limit_minor"),
        ({"keep_days": 0}, "/keep_days"),
    ],
)
def test_a_rule_that_could_not_do_what_it_says_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedTopUp) as refused:
        Counter(replace(RULE, **changed))
    assert refused.value.field == field


def test_the_same_rule_said_twice_is_said_once() -> None:
    till = Counter()
    assert till.set() == []
    assert kinds(till.set(replace(RULE, most_in_month=3))) == ["TopUpSet"]


def test_credit_of_a_charge_and_what_a_rule_bought_have_no_rule() -> None:
    till = Counter()
    till.draw(300)
    till.answer("succeeded")
    bought = till.states["wallet", till.rule.bought[0]]
    included = replace(till.wallet(), terms=WalletTerms(rollover=Rollover(series=UUID(int=3), percent=usd(0).major)))
    for wallet in (bought, included):
        with pytest.raises(NotToppedUp):
            till.carry_out(topping_up.set_rule(wallet, RULE, "asked", till.at))


def test_what_lowers_a_watched_balance_has_somebody_look() -> None:
    till = Counter()
    till.draw(300)
    till.answer("succeeded")
    till.draw(10)
    cause = Cause(UUID(int=9), till.at, till.at, {})
    timers = [
        (timer.name, timer.subject)
        for stream, event, _ in till.told
        for timer in schedule.timers_of(Recorded(event, StreamKey(UUID(int=9), "any", stream), 1, None, cause))
        if timer.name == "top_up"
    ]
    assert timers == [("top_up", WALLET_ID)] * 4  # set, drawn, purchased, and drawn from what was bought


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["draw", "look", "succeeded", "failed", "pending", "set", "off", "day", "dispute"]),
        st.integers(1, 700),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 3), st.integers(500, 3000))
def test_a_balance_is_never_above_what_was_granted_and_paid(steps: Any, most: int, limit: int) -> None:
    """Whatever happens in whichever order: one purchase at a time, one for each time that too little is left, as often
    and for as much as the rule says, and no credit that nobody paid for."""
    rule = replace(RULE, most_in_month=most, limit=usd(limit))
    till = Counter(rule)
    for number, (step, size) in enumerate(steps):
        _take(till, rule, step, size, number)
        _check(till, rule)


def _take(till: Counter, rule: TopUpRule, step: str, size: int, number: int) -> None:
    match step:
        case "draw":
            till.draw(size)
        case "look":
            till.look()
        case "set":
            till.set(rule)
        case "off":
            till.switch_off()
        case "day":
            till.today += timedelta(days=size % 40)
        case "dispute":
            if till.can_be_taken_back():
                till.dispute()
        case "succeeded" | "failed" | "pending":
            if till.rule.under_way is not None:
                till.answer(step, f"ch_{number}")  # type: ignore[arg-type]


def _check(till: Counter, rule: TopUpRule) -> None:
    events = [event for _, event, _ in till.told]
    bought = [event for event in events if isinstance(event, CreditPurchased)]
    assert 0 <= till.balance <= 300 + 500 * len(bought)
    assert Money.total((payment.facts.amount for payment in till.payments), "USD") == usd(500 * len(bought))
    asked = sum(isinstance(event, CreditPurchaseRequested) for event in events)
    failed = sum(isinstance(event, CreditPurchaseFailed) for event in events)
    assert asked - failed - len(bought) == (till.rule.under_way is not None)
    for event in events:
        if isinstance(event, CreditPurchaseRequested):
            assert event.purchase.left.minor < rule.threshold.minor
    assert [receipt.sequence for receipt in till.receipts] == list(range(1, len(bought) + 1))
    by_month = [event.purchase.month for event in bought]
    assert all(by_month.count(month) <= rule.most_in_month for month in by_month)
    last_set = max(place for place, event in enumerate(events) if isinstance(event, TopUpSet))
    asked_since = {event.purchase.key for event in events[last_set:] if isinstance(event, CreditPurchaseRequested)}
    since = [event for event in bought if event.purchase.key in asked_since]
    assert 500 * len(since) <= rule.limit.minor
