"""A subscription that waits for its first payment or for a purchase order: nobody hears of it before that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.amended_line import LineChange
from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import ClimbLadder, TrackDebt
from services.billing.domain.dunning.events import Debt, DunningStepReached
from services.billing.domain.pricing.validation import PartNotAllowed
from services.billing.domain.quote.lines import renewed_line
from services.billing.domain.quote_validation import NothingToPrepay, validate_line
from services.billing.domain.recurring import annual
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CreateSubscription,
    GivePurchaseOrder,
    NotePayment,
    PauseSubscription,
    RenewTerm,
    RequestNonRenewal,
    StartTerm,
)
from services.billing.domain.subscription.events import SubscriptionCancelled, SubscriptionCreated
from services.billing.domain.subscription.waiting import StillWaiting
from services.billing.domain.subscription.waiting_events import SubscriptionReleased
from services.billing.messaging.outbound import to_contract
from shared.contracts.billing import SubscriptionCreatedV1, TermStartedV1
from shared.decider import NotAllowedNow
from shared.money import Money
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, NOON, TAXED, cancel, flat
from tests.unit.billing.test_subscription import CALLS, LINE, ME, NEXT_QUOTE, PARTY, QUOTE, new_york

SOLD_AT = new_york(2012, 12, 1) + NOON


def waiting(payment: Any, at: datetime, **changed: Any) -> Lifetime:
    """Sold in December for January, and by now at an instant."""
    used = [(new_york(2013, 1, 10), 5), (new_york(2013, 2, 10), 7)]
    life = Lifetime(replace(AGREED, payment=payment, **changed), SOLD_AT, used=used)
    life.move(at)
    return life


def told(life: Lifetime) -> list[str]:
    """What others have heard of it."""
    contracts = [to_contract(event) for event in life.events["subscription", ME]]
    return [type(contract).__name__ for contract in contracts if contract is not None]


def test_what_is_paid_beforehand_is_invoiced_at_once_and_told_nobody_before_it_is_paid() -> None:
    life = waiting("prepaid", new_york(2013, 1, 20))
    assert (life.subscription.status, life.subscription.waiting) == ("scheduled", "payment")
    assert (flat(life), life.periods, told(life)) == ([("2012-12-01", 150_000, 0)], [], [])
    assert life.invoices[0].lines[0].starts_on == date(2013, 1, 1)
    assert annual(life.subscription, date(2013, 1, 20)) == 0


def test_it_begins_when_it_is_paid_with_the_days_that_were_agreed() -> None:
    life = waiting("prepaid", new_york(2013, 2, 20))
    life.say(NotePayment(at=life.now))
    assert (life.subscription.status, life.subscription.waiting) == ("active", None)
    assert told(life) == [SubscriptionCreatedV1.__name__, TermStartedV1.__name__]
    life.move(new_york(2013, 3, 1))
    term = life.subscription.last
    assert (term.starts_on, term.ends_on) == (date(2013, 1, 1), date(2014, 1, 1))
    assert [(day, net) for day, net, _ in flat(life)] == [
        ("2012-12-01", 150_000),
        ("2013-02-20", 150_500),  # February, and the usage of January
        ("2013-03-01", 150_700),
    ]
    assert life.differences() == []


def test_who_pays_before_the_first_day_begins_on_it() -> None:
    life = waiting("prepaid", new_york(2012, 12, 10))
    released, *more = life.say(NotePayment(at=life.now))
    assert isinstance(released, SubscriptionReleased) and more == []
    assert life.say(NotePayment(at=life.now)) == []
    assert told(life) == [SubscriptionCreatedV1.__name__]
    life.move(new_york(2013, 2, 1))
    assert life.subscription.status == "active"
    assert [(day, net) for day, net, _ in flat(life)] == [("2012-12-01", 150_000), ("2013-02-01", 150_500)]


def test_a_payment_that_is_heard_of_after_the_first_day_counts_from_when_it_was_made() -> None:
    life = waiting("prepaid", new_york(2013, 1, 5))
    life.say(NotePayment(at=new_york(2012, 12, 30)))
    life.move(new_york(2013, 1, 5))
    assert life.subscription.status == "active"
    assert life.events["subscription", ME][-1].facts.starts_on == date(2013, 1, 1)


def test_without_a_purchase_order_nothing_is_billed_and_with_it_everything() -> None:
    life = waiting("po", new_york(2013, 2, 20))
    assert (life.subscription.waiting, life.invoices, told(life)) == ("purchase_order", [], [])
    life.say(GivePurchaseOrder(purchase_order="4711", at=life.now))
    assert life.say(GivePurchaseOrder(purchase_order="4711", at=life.now)) == []
    with pytest.raises(NotAllowedNow):
        life.say(GivePurchaseOrder(purchase_order="4712", at=life.now))
    life.move(new_york(2013, 2, 21))
    assert (life.subscription.status, life.subscription.last.purchase_order) == ("active", "4711")
    assert [(day, net) for day, net, _ in flat(life)] == [("2013-02-20", 300_500)]
    assert life.invoices[0].header.purchase_order == "4711"
    assert life.differences() == []


def test_a_purchase_order_on_acceptance_is_waited_for_no_more() -> None:
    line = replace(LINE, payment="po")
    command = CreateSubscription(subscription_id=ME, party=PARTY, line=line, quote_id=QUOTE, purchase_order="4711")
    (created,) = SUBSCRIPTION.decide(None, command)
    assert isinstance(created, SubscriptionCreated) and created.waits_for is None


@pytest.mark.parametrize("payment", ["prepaid", "po"])
def test_while_it_waits_it_can_be_cancelled_and_nothing_else(payment: Any) -> None:
    life = waiting(payment, new_york(2013, 1, 20))
    for command in (
        AmendSubscription(at=life.now, when="now", change=LineChange(quantity=3)),
        PauseSubscription(at=life.now, until=None, reason="holidays"),
        RenewTerm(term_number=2, line=LINE, quote_id=NEXT_QUOTE, at=life.now),
        RequestNonRenewal(reason="budget_lost", at=life.now),
        cancel(life.now, when="period_end"),
    ):
        with pytest.raises(StillWaiting):
            life.say(command)
    assert life.say(StartTerm(at=new_york(2013, 1, 1))) == []


@pytest.mark.parametrize("proration", ["days", "none"])
@pytest.mark.parametrize("at", [new_york(2012, 12, 10), new_york(2013, 1, 20), new_york(2013, 3, 20)])
def test_who_gives_up_before_paying_owes_nothing_and_nobody_hears_of_it(at: datetime, proration: Any) -> None:
    life = waiting("prepaid", at, proration=proration)
    life.say(cancel(at))
    life.move(new_york(2014, 6, 1))
    (invoice,) = life.invoices
    assert (flat(life), invoice.open) == ([("2012-12-01", 150_000, 150_000)], Money(0, "USD"))
    assert (life.subscription.status, told(life), life.periods) == ("cancelled", [], [])
    assert life.say(NotePayment(at=life.now)) == []
    assert life.differences() == []


def test_without_credit_what_was_invoiced_stays_owed() -> None:
    life = waiting("prepaid", new_york(2013, 1, 20))
    life.say(cancel(life.now, credit="none"))
    life.move(new_york(2014, 6, 1))
    assert flat(life) == [("2012-12-01", 150_000, 0)]


@pytest.mark.parametrize("payment", ["prepaid", "po"])
def test_what_waits_to_the_end_of_its_term_is_over(payment: Any) -> None:
    life = waiting(payment, new_york(2014, 1, 1))
    last = life.events["subscription", ME][-1]
    assert isinstance(last, SubscriptionCancelled)
    assert (last.cancellation.reason, last.waited_for is None, told(life)) == ("never_started", False, [])
    assert sum(invoice.open.minor for invoice in life.invoices) == 0


def test_what_was_stored_before_there_were_rules_waits_for_nothing() -> None:
    (created,) = SUBSCRIPTION.decide(
        None, CreateSubscription(subscription_id=ME, party=PARTY, line=LINE, quote_id=QUOTE)
    )
    document = msgspec.json.decode(msgspec.json.encode(created))
    del document["waits_for"], document["term"]["line"]["payment"]
    assert msgspec.convert(document, SubscriptionCreated, strict=False) == created


def test_dunning_of_what_waits_reminds_and_warns_and_suspends_nothing() -> None:
    debt = Debt(invoice_id=QUOTE, number="INV-1", due_on=date(2013, 1, 1), open=Money(1, "USD"))
    track = TrackDebt(subscription_id=ME, customer_id=PARTY.customer_id, zone=PARTY.zone, debt=debt)
    dunning = DUNNING.replay(DUNNING.decide(DUNNING.initial, track))
    at = new_york(2013, 3, 1)
    for only_reminds, step in ((True, "warned"), (False, "suspended")):
        climb = ClimbLadder(subscription_id=ME, at=at, only_reminds=only_reminds)
        (reached,) = DUNNING.decide(dunning, climb)
        assert isinstance(reached, DunningStepReached) and reached.step == step


def test_what_cannot_be_waited_for_is_refused_with_its_field() -> None:
    with pytest.raises(NothingToPrepay) as refused:
        validate_line(replace(LINE, payment="prepaid", charges=(ARREARS, CALLS)), "/lines/0")
    assert refused.value.field == "/lines/0/payment"
    for payment in ("prepaid", "po"):
        with pytest.raises(PartNotAllowed):
            validate_line(replace(LINE, payment=payment, trial_days=14))  # type: ignore[arg-type]
    assert renewed_line(replace(LINE, payment="prepaid"), AGREED.discount_percent, LINE.starts_on, "USD").payment == (
        "on_invoice"
    )


@settings(deadline=None, max_examples=30)
@given(payment=st.sampled_from(["prepaid", "po"]), days=st.integers(0, 420), is_taxed=st.booleans())
def test_whenever_it_comes_each_day_of_the_term_is_charged_once(payment: Any, days: int, is_taxed: bool) -> None:
    charges = (TAXED if is_taxed else replace(TAXED, tax_rates=()), CALLS)
    life = waiting(payment, SOLD_AT + timedelta(days=days), charges=charges)
    is_over = life.subscription.status == "cancelled"
    met: Any = NotePayment(at=life.now) if payment == "prepaid" else GivePurchaseOrder(purchase_order="1", at=life.now)
    if payment == "prepaid" or not is_over:
        life.say(met)
    life.move(new_york(2015, 6, 1))
    charged = life.days_charged("fee")
    assert (sum(charged.values()), max(charged.values(), default=0)) == ((0, 0) if is_over else (365, 1))
    assert bool(told(life)) is not is_over
    assert (SUBSCRIPTION.replay(life.events["subscription", ME]), life.differences()) == (life.subscription, [])
