"""What a provider tells in any order, and any number of times, comes to the same payment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.payment.cashier import Cashier, Payer
from services.billing.domain.payment.state import Payment, payment_id
from services.billing.domain.provider_charge import (
    PROVIDER_CHARGE,
    Dispute,
    Paid,
    ProviderNews,
    TellDispute,
    TellFailure,
    TellSuccess,
)
from services.billing.processes import charging
from tests.unit.billing.test_payment import check
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
            payer=lambda _: Payer(customer_id=PARTY.customer_id, key=PARTY.key, zone=PARTY.zone),
            shares=lambda _, __: [self.share(FIRST, 500), self.share(SECOND, 300)],
        )

    def outcome(self) -> Any:
        payments = [state for (category, _), state in self.states.items() if category == "payment"]
        told = [(p.facts, p.unapplied, p.charged_back, sorted(p.applied.items())) for p in payments]
        return told, self.invoice(FIRST).open, self.invoice(SECOND).open


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
