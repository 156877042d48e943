"""A contract that becomes another customer's: each day is charged to one of them, usage to whoever used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AutoRenewal
from services.billing.domain.amended_line import LineChange
from services.billing.domain.plan import Charge
from services.billing.domain.recurring import annual
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.amending import BeforeTheLast
from services.billing.domain.subscription.cancelling import OutsideTerm, TransferredBefore
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    PauseSubscription,
    RenewTerm,
    TransferSubscription,
    WithdrawTransfer,
)
from services.billing.domain.subscription.events import AutoRenewalRefused, TermRenewed
from services.billing.domain.subscription.pausing import ChangePending
from services.billing.domain.subscription.transfer_events import TransferScheduled, TransferWithdrawn
from services.billing.domain.subscription.transferring import SameCustomer, taken_over
from services.billing.processes.foreseeing import foresee_taken_over
from shared.decider import NotAllowedNow
from shared.money import CurrencyMismatch
from shared.periods import start_of_day
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, NOON, TAXED, cancel, flat, running
from tests.unit.billing.test_subscription import CALLS, LINE, NEXT_QUOTE, PARTY, new_york
from tests.unit.billing.worth import agreed

ZURICH = replace(PARTY, customer_id=UUID(int=11), key="LX", name="Swiss", zone="Europe/Zurich")


def transfer(at: datetime, on: date, **changed: Any) -> TransferSubscription:
    return TransferSubscription(**{"at": at, "on": on, "to": ZURICH} | changed)


def transferred(life: Lifetime, on: date) -> Lifetime:
    """The one that it goes on as, up to the instant of the transfer."""
    life.say(transfer(life.now, on))
    life.move(start_of_day(on, "America/New_York"))
    told = life.subscription.transferred
    assert told is not None
    over = taken_over(life.subscription, told)
    after = Lifetime(over.term.line, told.at, party=over.party, used=life.used, taken_over=over)
    after.move(told.at)
    return after


def test_what_was_charged_ahead_is_credited_and_the_rest_of_the_period_charged_to_the_new_customer() -> None:
    before = running(new_york(2013, 1, 5) + NOON)
    after = transferred(before, date(2013, 1, 11))
    assert flat(before) == [
        ("2013-01-01", 150_000, 101_613),
        ("2013-01-11", 10_000, 0),
    ]  # 21 of 31 days; ten days of ten calls
    after.move(new_york(2013, 2, 1))
    assert flat(after) == [("2013-01-11", 101_613, 0), ("2013-02-01", 150_000 + 21_000, 0)]
    assert [invoice.header.party.key for invoice in (*before.invoices, *after.invoices)] == ["F9", "F9", "LX", "LX"]
    assert (before.subscription.status, after.subscription.status) == ("transferred", "active")
    assert (after.subscription.last.ends_on, after.subscription.party.zone) == (date(2014, 1, 1), "America/New_York")
    assert before.differences() == after.differences() == []


def test_usage_is_metered_under_the_new_customer_and_every_name_that_the_contract_had() -> None:
    before = running(new_york(2013, 1, 5))
    after = transferred(before, date(2013, 1, 11))
    third = Lifetime(LINE, after.now, taken_over=taken_over(after.subscription, _to(PARTY, after, date(2013, 1, 20))))
    assert [period.ends_at for period in before.periods][:1] == [new_york(2013, 1, 11)]
    opened = third.events["usage_period", third.periods[0].item.period_id][0]
    assert opened.subjects == ("F9", str(third.id), str(before.id), str(after.id))


def _to(party: Any, life: Lifetime, on: date) -> Any:
    (event,) = SUBSCRIPTION.decide(life.subscription, transfer(life.now, on, to=party))
    assert isinstance(event, TransferScheduled)
    return event.transfer


def test_a_contract_is_worth_as_much_as_before_and_nothing_is_new() -> None:
    before, untold = running(new_york(2013, 1, 5), TAXED), running(new_york(2013, 1, 5), TAXED)
    before.say(transfer(before.now, date(2013, 1, 11)))
    assert agreed(before.subscription) == agreed(untold.subscription)
    after = transferred(before, date(2013, 1, 11))
    assert annual(after.subscription, date(2013, 1, 11)) == annual(untold.subscription, date(2013, 1, 11))
    assert annual(before.subscription, date(2013, 1, 11)) == 0
    worth = agreed(before.subscription) + agreed(after.subscription)
    assert sum(worth.values()) == sum(agreed(untold.subscription).values())


def test_what_cannot_be_transferred_is_refused_with_its_field() -> None:
    life = running(new_york(2013, 1, 10) + NOON)
    for command, error, field in (
        (transfer(life.now, date(2013, 1, 10)), OutsideTerm, "/on"),
        (transfer(life.now, date(2014, 1, 1)), OutsideTerm, "/on"),
        (transfer(life.now, date(2013, 2, 1), to=PARTY), SameCustomer, "/customer"),
        (transfer(life.now, date(2013, 2, 1), to=replace(ZURICH, currency="EUR")), CurrencyMismatch, "/customer"),
    ):
        with pytest.raises(error) as refused:
            life.say(command)
        assert refused.value.field == field
    whole = running(new_york(2013, 1, 10), proration="none")
    with pytest.raises(OutsideTerm, match="no parts"):
        whole.say(transfer(whole.now, date(2013, 1, 20)))
    assert whole.say(transfer(whole.now, date(2013, 2, 1)))
    with pytest.raises(NotAllowedNow):
        running(new_york(2012, 12, 20)).say(transfer(new_york(2012, 12, 20), date(2013, 2, 1)))


def test_until_its_day_nothing_is_agreed_behind_it() -> None:
    life = running(new_york(2013, 1, 10))
    life.say(transfer(life.now, date(2013, 2, 1)))
    change = LineChange(quantity=3)
    with pytest.raises((OutsideTerm, BeforeTheLast)):
        life.say(AmendSubscription(at=life.now, when=date(2013, 2, 1), change=change))
    with pytest.raises(TransferredBefore):
        life.say(cancel(life.now, when=date(2013, 2, 1)))
    with pytest.raises(ChangePending):
        life.say(PauseSubscription(at=life.now, until=date(2013, 1, 20), reason="holidays"))
    life.say(AmendSubscription(at=life.now, when="now", change=change))
    life.move(new_york(2013, 2, 1))
    assert life.subscription.transferred is not None
    over = taken_over(life.subscription, life.subscription.transferred)
    assert over.term.line.quantity == 3
    with pytest.raises(NotAllowedNow):
        life.say(transfer(life.now, date(2013, 3, 1)))


def test_a_transfer_is_withdrawn_by_a_word_by_an_end_and_by_a_renewal() -> None:
    life = running(new_york(2013, 1, 10))
    life.say(transfer(life.now, date(2013, 2, 1)))
    assert life.say(WithdrawTransfer()) == [TransferWithdrawn(reason="withdrawn")]
    assert life.say(WithdrawTransfer()) == []
    life.say(transfer(life.now, date(2013, 2, 1)))
    renewed = life.say(RenewTerm(term_number=2, line=LINE, quote_id=NEXT_QUOTE, at=life.now))
    assert [type(event) for event in renewed] == [TransferWithdrawn, TermRenewed]
    life.move(new_york(2013, 2, 1))
    assert life.subscription.status == "active"
    life.say(transfer(life.now, date(2014, 2, 1)))
    life.say(cancel(life.now))
    life.move(new_york(2014, 2, 1))
    assert life.subscription.status == "cancelled"


def test_a_term_that_goes_over_renews_by_itself_only_where_the_new_customer_was_told() -> None:
    line = replace(
        AGREED, renewal=replace(AGREED.renewal, auto=AutoRenewal(notice_days=30, price_cap_percent=Decimal(7)))
    )
    life = Lifetime(line, new_york(2012, 12, 1))
    life.move(new_york(2013, 1, 10))
    life.say(transfer(life.now, date(2013, 12, 25)))
    life.move(new_york(2013, 12, 20))
    refused = [event for event in life.events["subscription", life.id] if isinstance(event, AutoRenewalRefused)]
    assert [event.reason for event in refused] == ["transferred"]


@settings(deadline=None, max_examples=25)
@given(
    at=st.integers(0, 300),
    ahead=st.integers(1, 60),
    anchor=st.sampled_from([date(2013, 1, 1), date(2013, 1, 31), date(2012, 12, 15)]),
    charge=st.sampled_from([TAXED, ARREARS]),
    every=st.sampled_from(["week", "month", "quarter", "year"]),
    calendar=st.booleans(),
    policy=st.sampled_from(["days", "seconds"]),
)
def test_each_day_of_the_term_is_charged_to_one_of_both(
    at: int, ahead: int, anchor: date, charge: Charge, every: Any, calendar: bool, policy: Any
) -> None:
    line = replace(
        AGREED,
        charges=(replace(charge, every=None),),
        every=every,
        calendar=calendar,
        proration=policy,
        starts_on=anchor,
    )
    before, untold = (Lifetime(line, new_york(2012, 12, 1)) for _ in "ab")
    before.move(start_of_day(anchor, "America/New_York") + timedelta(days=at, hours=3))
    on = before.now.date() + timedelta(days=ahead)
    if on >= before.subscription.last.ends_on:
        return
    after = transferred(before, on)
    for life in (before, after, untold):
        life.move(new_york(2014, 4, 1))
    both = before.days_charged(charge.code) + after.days_charged(charge.code)
    assert both == untold.days_charged(charge.code)
    assert set(both.values()) == {1} and min(both) == anchor
    assert max(before.days_charged(charge.code), default=on - timedelta(days=1)) < on
    assert before.differences() == after.differences() == []
    documents = len(before.invoices) + len(after.invoices) + sum(len(i.unused) for i in before.invoices)
    assert abs(before.money.minor + after.money.minor - untold.money.minor) <= 2 * documents  # net and tax are rounded


def test_a_preview_of_the_new_customers_first_bill_is_that_bill() -> None:
    life = running(new_york(2013, 1, 5), TAXED, CALLS)
    command = transfer(life.now, date(2013, 1, 11))
    at = new_york(2013, 1, 11)
    from services.billing.domain.subscription.commands import EffectTransfer

    foreseen = foresee_taken_over(life.subscription, command, EffectTransfer(at=at))
    after = transferred(life, date(2013, 1, 11))
    assert [each.invoice.lines for each in foreseen.bills] == [invoice.lines for invoice in after.invoices]
