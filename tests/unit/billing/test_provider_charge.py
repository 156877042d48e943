"""What a provider tells in any order, and any number of times, comes to the same payment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.invoice.commands import Number
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.cashier import Cashier, Payer
from services.billing.domain.payment.commands import RequestRefund
from services.billing.domain.payment.state import Payment, payment_id
from services.billing.domain.provider_charge import (
    PROVIDER_CHARGE,
    Dispute,
    Paid,
    ProviderNews,
    TellDispute,
    TellFailure,
    TellRefund,
    TellSuccess,
    ToldRefund,
    charge_id,
)
from services.billing.processes import charging, refunding
from shared.orders import Order
from tests.unit.billing.test_payment_properties import check
from tests.unit.billing.till import FIRST, PARTY, SECOND, Till, usd

TENANT = UUID(int=77)
NOON = datetime(2013, 2, 20, 17, tzinfo=UTC)
PAID = Paid(amount=usd(900), customer="F9", invoice=None)


def success(minute: int = 5) -> TellSuccess:
    return TellSuccess(provider="test", reference="ch_1", paid=PAID, at=NOON + timedelta(minutes=minute))


def failure(minute: int) -> TellFailure:
    return TellFailure(provider="test", reference="ch_1", reason="declined", at=NOON + timedelta(minutes=minute))


def dispute(reference: str, minor: int | None = None) -> TellDispute:
    amount = None if minor is None else usd(minor)
    told = Dispute(reference=reference, amount=amount, reason="not mine", disputed_at=NOON + timedelta(days=3))
    return TellDispute(provider="test", reference="ch_1", dispute=told)


class Desk(Till):
    """Hears of charges; 500 of each payment go to the first invoice and 300 to the second."""

    def hear(self, *news: ProviderNews) -> Payment | None:
        for told in news:
            self.carry_out(charging.on_news(told, self.cashier))
            check(self)
        found: Payment | None = self.states.get(("payment", payment_id(TENANT, "test", "ch_1")))
        return found

    @property
    def cashier(self) -> Cashier:
        return Cashier(
            tenant_id=TENANT,
            charge=lambda id_: self.states.get(("provider_charge", id_), PROVIDER_CHARGE.initial),
            payment=lambda id_: self.states.get(("payment", id_)),
            invoice=self.invoice,
            top_up=lambda id_: None,
            wallet=lambda _: None,
            payer=lambda _: Payer(customer_id=PARTY.customer_id, key=PARTY.key, zone=PARTY.zone),
            shares=lambda _, __: [self.share(FIRST, 500), self.share(SECOND, 300)],
            next_receipt=_unasked,
        )

    def outcome(self) -> Any:
        payments = [state for (category, _), state in self.states.items() if category == "payment"]
        told = [(p.facts, p.unapplied, p.charged_back, sorted(p.applied.items())) for p in payments]
        return told, self.invoice(FIRST).open, self.invoice(SECOND).open


def _unasked() -> Number:
    raise AssertionError("nobody buys credit")


def test_a_success_is_a_payment_and_told_again_is_the_same() -> None:
    desk = Desk()
    payment = desk.hear(success(), success(), success(9))
    assert payment is not None
    assert (payment.unapplied, payment.allocations, payment.facts.received_at) == (usd(100), 2, success().at)


def test_a_failure_alone_is_no_payment() -> None:
    desk = Desk()
    assert desk.hear(failure(1), failure(1), failure(2)) is None


@pytest.mark.parametrize("news", list(permutations([success(), failure(3)])))
def test_a_failure_of_an_earlier_attempt_changes_nothing_whenever_it_is_heard(news: Any) -> None:
    payment = Desk().hear(*news)
    assert payment is not None and payment.charged_back == usd(0)


@pytest.mark.parametrize("news", list(permutations([success(), failure(8)])))
def test_a_failure_after_the_success_takes_the_money_back_whenever_it_is_heard(news: Any) -> None:
    payment = Desk().hear(*news)
    assert payment is not None and (payment.held, payment.charged_back) == (usd(0), usd(900))


def test_a_chargeback_before_the_success_is_known_waits_for_it() -> None:
    desk = Desk()
    assert desk.hear(dispute("d1", 150)) is None
    payment = desk.hear(success())
    assert payment is not None and (payment.charged_back, payment.unapplied) == (usd(150), usd(0))
    assert (desk.invoice(FIRST).paid, desk.invoice(SECOND).paid) == (usd(500), usd(250))


NEWS = [success(), failure(3), failure(8), dispute("d1", 150), dispute("d2", 40), dispute("d3")]


@given(st.lists(st.sampled_from(NEWS[1:]), unique=True, max_size=5), st.data())
def test_any_order_and_any_repeats_end_the_same(others: list[Any], data: st.DataObject) -> None:
    told = [success(), *others]
    one, other = Desk(), Desk()
    one.hear(*told)
    other.hear(*data.draw(st.permutations(told)), *data.draw(st.lists(st.sampled_from(told), max_size=4)))
    assert one.outcome() == other.outcome()


KEY = UUID(int=4711)


def refunded(reference: str, minor: int, *, key: UUID | None = None, outcome: Any = "succeeded") -> TellRefund:
    at = NOON + timedelta(days=1)
    told = ToldRefund(reference=reference, key=key, amount=usd(minor), outcome=outcome, reason="", at=at)
    return TellRefund(provider="test", reference="ch_1", refund=told)


class RefundDesk(Desk):
    """100 of the payment are unapplied."""

    def __init__(self) -> None:
        super().__init__()
        self.hear(success())
        self.id_ = payment_id(TENANT, "test", "ch_1")

    def known(self) -> Payment | None:
        found: Payment | None = self.states.get(("payment", self.id_))
        return found

    def ask(self, minor: int = 60) -> None:
        command = RequestRefund(refund_id=KEY, amount=usd(minor), reference="", reason="asked", at=NOON)
        self.carry_out([Order(PAYMENT, self.id_, command)])

    def answer(self, outcome: Any) -> None:
        self.carry_out(refunding.on_answer(self.id_, KEY, outcome, "re_1", "", NOON))
        charge = self.states[("provider_charge", charge_id(TENANT, "test", "ch_1"))]
        self.carry_out(refunding.on_told(charge, self.known, self.invoice, lambda _: None))
        check(self)

    def sums(self) -> tuple[int, int, int]:
        payment = self.known()
        assert payment is not None
        return payment.refunded.minor, payment.promised.minor, payment.unapplied.minor


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize(("outcome", "sums"), [("succeeded", (60, 0, 40)), ("failed", (0, 0, 100))])
def test_a_webhook_before_our_own_answer_settles_the_refund_once(key: Any, outcome: Any, sums: Any) -> None:
    desk = RefundDesk()
    desk.ask()
    told = refunded("re_1", 60, key=key, outcome=outcome)
    desk.hear(told)
    assert desk.sums() == (sums if key else (0, 60, 100))  # without the key nobody knows yet whose it is
    desk.answer("pending")
    desk.hear(told)
    assert desk.sums() == sums


def test_a_webhook_after_the_answer_changes_nothing_where_the_answer_said_all() -> None:
    desk = RefundDesk()
    desk.ask()
    desk.answer("succeeded")
    desk.hear(refunded("re_1", 60), refunded("re_1", 60, key=KEY))
    assert desk.sums() == (60, 0, 40)


def test_what_the_provider_gave_back_without_us_is_gone() -> None:
    desk = RefundDesk()
    desk.hear(refunded("re_9", 70))
    assert desk.sums() == (70, 0, 30)
    desk.hear(refunded("re_10", 80), refunded("re_10", 80))
    payment = desk.known()
    assert payment is not None and (payment.charged_back, payment.unapplied) == (usd(80), usd(0))
    assert desk.invoice(SECOND).paid == usd(250)


@given(st.permutations(["ask", "told", "other"]), st.booleans(), st.sampled_from(["pending", "succeeded"]))
def test_refunds_end_the_same_in_any_order(order: Any, has_key: bool, first: Any) -> None:
    """Ours of 60, and one of 30 that was made without us."""
    desk = RefundDesk()
    acts = {
        "ask": desk.ask,
        "told": lambda: desk.hear(refunded("re_1", 60, key=KEY if has_key else None)),
        "other": lambda: desk.hear(refunded("re_2", 30)),
    }
    if order.index("told") < order.index("ask"):
        return  # nobody tells of what was not asked for
    for act in order:
        acts[act]()
    desk.answer(first)
    assert desk.sums() == (90, 0, 10)
