"""Payments: what came in is applied, unapplied, given back or taken back, to the minor unit and in any order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import MarkOverdue, VoidInvoice
from services.billing.domain.invoice.events import InvoiceOverdue, PaymentReturned
from services.billing.domain.invoice.state import NotPayable, NotRefundable, Overpayment
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.allocation import OpenInvoice, Share, oldest_first
from services.billing.domain.payment.commands import ReceivePayment, RefundPayment
from services.billing.domain.payment.state import (
    MoreThanApplied,
    MoreThanReceived,
    MoreThanUnapplied,
    PaymentDiffers,
    PaymentNotFound,
    RefundNotFound,
    payment_id,
)
from services.billing.processes import paying
from shared.money import CurrencyMismatch, Money
from shared.orders import Order
from tests.unit.billing.till import AT, FIRST, SECOND, Till, facts, usd


@pytest.fixture
def till() -> Till:
    return Till()


def test_one_payment_pays_two_invoices_and_the_rest_waits(till: Till) -> None:
    till.receive(till.total + 150, (FIRST, till.total), (SECOND, 100))
    assert (till.invoice(FIRST).status, till.invoice(SECOND).open) == ("paid", usd(till.total - 100))
    assert till.payment().unapplied == usd(50)
    till.apply(SECOND, 50)
    assert (till.payment().unapplied, till.invoice(SECOND).paid) == (usd(0), usd(150))


def test_a_payment_told_twice_is_one_and_pays_once(till: Till) -> None:
    till.receive(100, (FIRST, 100))
    assert till.receive(100, (FIRST, 100)) == []
    assert till.invoice(FIRST).paid == usd(100)
    with pytest.raises(PaymentDiffers):
        till.receive(101)


def test_one_reference_of_a_provider_is_one_payment_of_its_tenant() -> None:
    ours, theirs = UUID(int=1), UUID(int=2)
    assert payment_id(ours, "test", "ch_1") == payment_id(ours, "test", "ch_1")
    assert len({payment_id(t, p, r) for t in (ours, theirs) for p in ("a", "b") for r in ("x", "y")}) == 8


def test_nobody_spends_more_than_is_unapplied_or_owed(till: Till) -> None:
    till.receive(100)
    with pytest.raises(MoreThanUnapplied):
        till.apply(FIRST, 101)
    with pytest.raises(MoreThanUnapplied):
        till.refund(101)
    with pytest.raises(Overpayment):
        till.receive(till.total + 1, (FIRST, till.total + 1), number=2)
    assert ("payment", UUID(int=2)) not in till.states


def test_nothing_is_done_to_a_payment_that_nobody_received() -> None:
    with pytest.raises(PaymentNotFound):
        PAYMENT.decide(None, RefundPayment(refund_id=FIRST, amount=usd(1), reference="", reason="x", at=AT))


def test_a_void_invoice_and_one_of_another_currency_take_no_payment_and_name_the_field(till: Till) -> None:
    till.carry_out([Order(INVOICE, FIRST, VoidInvoice(reason="wrong"))])
    with pytest.raises(NotPayable) as refused:
        till.receive(100, (FIRST, 100))
    assert refused.value.field == "/invoice"
    share = Share(invoice_id=SECOND, number="HUD-000002", amount=Money(100, "EUR"))
    with pytest.raises(CurrencyMismatch) as mixed:
        till.carry_out(paying.receive(None, facts(100, amount=Money(100, "EUR")), [share]))
    assert mixed.value.field == "/currency"


def test_a_chargeback_takes_what_is_unapplied_and_then_the_last_invoice_first(till: Till) -> None:
    till.receive(300, (FIRST, 100), (SECOND, 150))
    till.charge_back(120)
    assert (till.payment().unapplied, till.invoice(FIRST).paid, till.invoice(SECOND).paid) == (
        usd(0),
        usd(100),
        usd(80),
    )
    till.charge_back(180)
    assert (till.payment().status, till.invoice(FIRST).paid, till.invoice(SECOND).paid) == (
        "charged back",
        usd(0),
        usd(0),
    )
    with pytest.raises(MoreThanReceived):
        till.charge_back(1)


def test_the_same_chargeback_is_counted_once(till: Till) -> None:
    till.receive(100, (FIRST, 100))
    assert till.charge_back(40, id_=7)
    assert till.charge_back(40, id_=7) == []
    assert till.invoice(FIRST).paid == usd(60)


def test_a_paid_invoice_is_owed_again_and_overdue_where_its_day_has_passed(till: Till) -> None:
    till.receive(till.total, (FIRST, till.total))
    assert till.invoice(FIRST).status == "paid"
    told = till.charge_back(till.total, at=datetime(2013, 3, 20, 17, tzinfo=UTC))
    assert [type(event) for event in told][1:] == [PaymentReturned, InvoiceOverdue]
    assert (till.invoice(FIRST).status, till.invoice(FIRST).open) == ("issued", usd(till.total))
    assert till.carry_out([Order(INVOICE, FIRST, MarkOverdue(on=date(2013, 4, 1)))]) == []
    till.receive(till.total, (FIRST, till.total), number=2)
    assert till.invoice(FIRST).status == "paid"


def test_what_a_credit_note_gave_back_is_refunded_and_never_more(till: Till) -> None:
    till.receive(till.total, (FIRST, till.total))
    till.credit(FIRST, 40)
    assert till.invoice(FIRST).refundable == usd(40)
    with pytest.raises(NotRefundable):
        till.withdraw(FIRST, 41, reopens=False)
    till.withdraw(FIRST, 40, reopens=False)
    till.refund(40)
    assert (till.invoice(FIRST).open, till.invoice(FIRST).refundable, till.invoice(FIRST).status) == (
        usd(0),
        usd(0),
        "paid",
    )
    assert till.payment().held == usd(till.total - 40)
    with pytest.raises(NotRefundable):
        till.withdraw(FIRST, 1, reopens=False)


def test_a_chargeback_of_what_was_credited_is_not_owed_again(till: Till) -> None:
    till.receive(till.total, (FIRST, till.total))
    till.credit(FIRST, 40)
    till.charge_back(till.total)
    assert (till.invoice(FIRST).open, till.invoice(FIRST).refundable) == (usd(till.total - 40), usd(0))


def test_a_payment_on_the_wrong_invoice_is_moved_to_the_right_one(till: Till) -> None:
    till.receive(100, (FIRST, 100))
    with pytest.raises(NotRefundable):
        till.withdraw(FIRST, 101)
    till.withdraw(FIRST, 100)
    till.apply(SECOND, 100)
    assert (till.invoice(FIRST).paid, till.invoice(SECOND).paid) == (usd(0), usd(100))


def test_an_invoice_gives_back_to_a_payment_no_more_than_that_one_paid(till: Till) -> None:
    till.receive(30, (FIRST, 30))
    till.receive(70, (FIRST, 70), number=2)
    with pytest.raises(MoreThanApplied):
        till.withdraw(FIRST, 31)


def test_the_oldest_due_is_paid_first_and_nothing_in_another_currency() -> None:
    def owed(number: int, due: int, minor: int, currency: str = "USD") -> OpenInvoice:
        return OpenInvoice(
            invoice_id=UUID(int=number),
            number=f"INV-{number}",
            customer_id=FIRST,
            customer_key="F9",
            due_on=date(2013, 1, due),
            open=Money(minor, currency),
        )

    invoices = [owed(3, 9, 50), owed(2, 1, 40, "EUR"), owed(1, 5, 30), owed(4, 9, 0)]
    shared = [(share.number, share.amount.minor) for share in oldest_first(invoices, usd(60))]
    assert shared == [("INV-1", 30), ("INV-3", 30)]
    assert list(oldest_first(invoices, usd(0))) == []


def test_an_invoice_takes_what_it_needs_of_what_waits_the_first_that_came_first(till: Till) -> None:
    till.receive(till.total - 10)
    till.receive(50, number=2)
    till.receive(50, number=3)
    payments = [till.payment(number) for number in (1, 2, 3)]
    till.carry_out(paying.settle(till.invoice(FIRST), payments, AT))
    assert till.invoice(FIRST).status == "paid"
    assert [till.payment(n).unapplied.minor for n in (1, 2, 3)] == [0, 40, 50]
    assert till.carry_out(paying.settle(till.invoice(FIRST), payments, AT)) == []


def test_what_is_promised_to_a_refund_pays_nothing_else_and_moves_nothing(till: Till) -> None:
    till.receive(900)
    moved = len(till.moved)
    till.request_refund(600)
    assert (till.payment().promised, till.payment().free, len(till.moved)) == (usd(600), usd(300), moved)
    for spend in (till.refund, lambda minor: till.apply(FIRST, minor), till.request_refund):
        with pytest.raises(MoreThanUnapplied):
            spend(301)
    with pytest.raises(MoreThanReceived):
        till.charge_back(301)
    till.record_refund(0, "failed")
    assert (till.payment().free, till.payment().refunded) == (usd(900), usd(0))


@pytest.mark.parametrize("first", ["succeeded", "failed"])
def test_the_first_outcome_of_a_refund_counts_and_counts_once(till: Till, first: str) -> None:
    till.receive(900)
    till.request_refund(600)
    assert len(till.record_refund(0, "pending")) == 1 and till.record_refund(0, "pending") == []
    assert len(till.record_refund(0, first)) == 1
    for again in ("pending", "succeeded", "failed"):
        assert till.record_refund(0, again) == []
    assert till.payment().refunded == usd(600 if first == "succeeded" else 0)
    with pytest.raises(RefundNotFound):
        till.record_refund(1, "succeeded")


def test_received_twice_by_command_is_received_once() -> None:
    [received] = PAYMENT.decide(None, ReceivePayment(facts=facts(5)))
    assert PAYMENT.decide(PAYMENT.replay([received]), ReceivePayment(facts=facts(5, reference="other words"))) == []
