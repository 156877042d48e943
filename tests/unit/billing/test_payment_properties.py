"""Whatever is done with payments, no money is lost, made or counted twice."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DomainError
from tests.unit.billing.till import FIRST, SECOND, Till

AMOUNT = st.integers(1, 60000)
INVOICES = st.sampled_from([FIRST, SECOND])
PAYMENTS = st.integers(1, 3)
ACTS = st.one_of(
    st.tuples(st.just("receive"), AMOUNT, st.lists(st.tuples(INVOICES, AMOUNT), max_size=2), PAYMENTS),
    st.tuples(st.just("apply"), INVOICES, AMOUNT, PAYMENTS),
    st.tuples(st.just("withdraw"), INVOICES, AMOUNT, PAYMENTS, st.booleans()),
    st.tuples(st.just("refund"), AMOUNT, PAYMENTS),
    st.tuples(st.just("request_refund"), AMOUNT, PAYMENTS),
    st.tuples(
        st.just("record_refund"), st.integers(0, 3), PAYMENTS, st.sampled_from(["pending", "succeeded", "failed"])
    ),
    st.tuples(st.just("charge_back"), AMOUNT, PAYMENTS),
    st.tuples(st.just("credit"), INVOICES, st.integers(1, 200)),
    st.tuples(st.just("write_off"), INVOICES),
)


def attempt(till: Till, act: Any) -> None:
    match act:
        case "receive", minor, paid, number:
            till.receive(minor, *paid, number=number)
        case "apply", id_, minor, number:
            till.apply(id_, minor, number)
        case "withdraw", id_, minor, number, reopens:
            till.withdraw(id_, minor, reopens=reopens, number=number)
        case "refund", minor, number:
            till.refund(minor, number)
        case "request_refund", minor, number:
            till.request_refund(minor, number)
        case "record_refund", place, number, outcome:
            till.record_refund(place, outcome, number)
        case "charge_back", minor, number:
            till.charge_back(minor, number)
        case "credit", id_, minor:
            till.credit(id_, minor)
        case "write_off", id_:
            till.write_off(id_)


@given(st.lists(ACTS, max_size=25))
def test_whatever_is_done_no_money_is_lost_made_or_counted_twice(acts: list[Any]) -> None:
    till = Till()
    for act in acts:
        if act[0] not in ("receive", "credit", "write_off") and ("payment", UUID(int=_number(act))) not in till.states:
            continue
        with suppress(DomainError):  # refused, and nothing of it happened
            attempt(till, act)
        check(till)


def _number(act: Any) -> int:
    return int(act[3] if act[0] in ("apply", "withdraw") else act[2])


def check(till: Till) -> None:
    payments = [state for (category, _), state in till.states.items() if category == "payment"]
    invoices = [till.invoice(id_) for id_ in (FIRST, SECOND)]
    for payment in payments:
        applied = sum(amount.minor for amount in payment.applied.values())
        assert payment.held.minor == applied + payment.unapplied.minor
        assert 0 <= payment.promised.minor <= payment.unapplied.minor
        assert min(payment.unapplied.minor, payment.refunded.minor, payment.charged_back.minor) >= 0
    for invoice in invoices:
        assert 0 <= invoice.refundable.minor <= invoice.paid.minor
        assert 0 <= invoice.open.minor <= invoice.totals.total.minor
        paid = sum(p.applied_to(invoice.header.invoice_id).minor for p in payments)
        assert paid == invoice.paid.minor
        assert (invoice.open.minor == 0) == (invoice.status in ("paid", "credited", "written_off"))
        assert (invoice.written_off.minor > 0) >= (invoice.status == "written_off")
        assert 0 <= invoice.written_off.minor <= invoice.left.minor
    for moved in till.moved:
        assert moved.cash + moved.receivable == moved.unapplied + moved.refundable
    assert sum(m.cash.minor for m in till.moved) == sum(p.held.minor for p in payments)
    assert sum(m.unapplied.minor for m in till.moved) == sum(p.unapplied.minor for p in payments)
