"""What is written off, and what comes in after all: on the invoice, on the ladder of dunning, and in the books."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.dunning import DUNNING, Dunning
from services.billing.domain.dunning.commands import RecoverDebt, ReduceDebt, WriteOffDebt
from services.billing.domain.dunning.events import DebtReduced, DebtWrittenOff, DunningCleared, DunningStepReached
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import WriteOffInvoice
from services.billing.domain.invoice.events import (
    CreditNoteIssued,
    InvoicePaid,
    InvoiceRecovered,
    InvoiceWrittenOff,
    PaymentAllocated,
    PaymentReturned,
)
from services.billing.domain.invoice.state import NothingOpen, Overpayment
from services.billing.domain.ledger.posting import Entry
from services.billing.domain.ledger.rules import entries
from services.billing.domain.ledger.telling import Telling
from shared.decider import NotAllowedNow
from shared.errors import DomainError
from tests.unit.billing.ledger_books import balances
from tests.unit.billing.test_dunning import JULY, JUNE, SUBSCRIPTION, after, climb, pay, track
from tests.unit.billing.till import AT, FIRST, SECOND, Till, usd


@pytest.fixture
def till() -> Till:
    return Till()


def booked(till: Till) -> list[Entry]:
    """Everything that the streams of the till say in accounts."""
    found: list[Entry] = []
    before: dict[UUID, list[Any]] = {}
    for stream, event in till.told:
        found += entries(Telling(event, AT, tuple(before.get(stream, ()))))
        before.setdefault(stream, []).append(event)
    return found


def test_what_is_open_is_written_off_and_a_later_payment_recovers_it(till: Till) -> None:
    till.receive(100, (FIRST, 100))
    [lost] = till.write_off(FIRST)
    assert isinstance(lost, InvoiceWrittenOff) and lost.amount == usd(till.total - 100)
    assert (till.invoice(FIRST).status, till.invoice(FIRST).open) == ("written_off", usd(0))
    _, _, recovered, _ = till.receive(60, (FIRST, 60), number=2)
    assert isinstance(recovered, InvoiceRecovered) and recovered.written_off == usd(till.total - 160)
    assert till.invoice(FIRST).status == "written_off"
    events = till.receive(till.total - 160, (FIRST, till.total - 160), number=3)
    assert [type(event) for event in events[2:]] == [InvoiceRecovered, PaymentAllocated, InvoicePaid]
    assert (till.invoice(FIRST).status, till.invoice(FIRST).written_off) == ("paid", usd(0))


def test_it_is_written_off_once_and_only_where_something_is_owed(till: Till) -> None:
    till.write_off(FIRST)
    assert till.write_off(FIRST) == []
    till.receive(till.total, (SECOND, till.total))
    with pytest.raises(NotAllowedNow):
        till.write_off(SECOND)
    with pytest.raises(Overpayment):
        till.receive(till.total + 1, (FIRST, till.total + 1), number=2)


def test_an_invoice_below_zero_has_nothing_to_write_off(till: Till) -> None:
    owing_us_nothing = replace(till.invoice(FIRST), paid=till.invoice(FIRST).totals.total + usd(1))
    with pytest.raises(NothingOpen):
        INVOICE.decide(owing_us_nothing, WriteOffInvoice(reason="x", on=AT.date()))


def test_a_credit_note_takes_back_what_was_written_off_before_it_gives_back_what_was_paid(till: Till) -> None:
    till.receive(till.total - 150, (FIRST, till.total - 150))
    till.write_off(FIRST)
    [note] = till.credit(FIRST, 100)
    assert isinstance(note, CreditNoteIssued) and (note.forgiven, note.refundable) == (usd(100), usd(0))
    note, paid = till.credit(FIRST, 100)
    assert (note.forgiven, note.refundable, type(paid)) == (usd(50), usd(50), InvoicePaid)
    assert (till.invoice(FIRST).status, till.invoice(FIRST).written_off) == ("paid", usd(0))


def test_a_chargeback_is_owed_again_and_what_was_lost_stays_lost(till: Till) -> None:
    till.receive(100, (FIRST, 100))
    till.write_off(FIRST)
    told = till.charge_back(100)
    assert isinstance(told[1], PaymentReturned)
    invoice = till.invoice(FIRST)
    assert (invoice.status, invoice.open, invoice.written_off) == ("issued", usd(100), usd(till.total - 100))
    till.receive(100, (FIRST, 100), number=2)
    assert till.invoice(FIRST).status == "written_off"


ACTS = st.one_of(
    st.tuples(st.just("pay"), st.integers(1, 700_000)),
    st.tuples(st.just("charge_back"), st.integers(1, 700_000)),
    st.tuples(st.just("credit"), st.integers(1, 400)),
    st.tuples(st.just("write_off"), st.just(0)),
)


def act(till: Till, what: str, amount: int, number: int) -> None:
    match what:
        case "pay":
            till.receive(amount, (FIRST, amount), number=number)
        case "charge_back":
            for (category, id_), state in list(till.states.items()):
                if category == "payment" and state.held.minor:
                    till.charge_back(min(amount, state.held.minor), number=id_.int)
        case "credit":
            till.credit(FIRST, amount)
        case "write_off":
            till.write_off(FIRST)


@given(st.lists(ACTS, max_size=12))
def test_whatever_happens_the_books_say_what_is_open_and_what_is_lost(acts: list[tuple[str, int]]) -> None:
    till = Till()
    for number, (what, amount) in enumerate(acts, start=1):
        with suppress(DomainError):  # refused, and nothing of it happened
            act(till, what, amount, number)
    found, invoice = booked(till), till.invoice(FIRST)
    stands = balances([entry for entry in found if entry.subject.invoice_id == FIRST])
    assert all(entry.is_balanced for entry in found)
    assert stands["receivables"] == invoice.open.minor
    assert stands["write_off"] + stands["recovery"] == invoice.written_off.minor


@given(st.integers(0, 649_999), st.lists(st.integers(1, 650_000), max_size=5))
def test_a_loss_that_is_recovered_leaves_nothing(paid: int, parts: list[int]) -> None:
    till = Till()
    if paid:
        till.receive(paid, (FIRST, paid))
    till.write_off(FIRST)
    lost = till.invoice(FIRST).written_off.minor
    for number, part in enumerate([*parts, lost], start=2):
        left = till.invoice(FIRST).written_off.minor
        if amount := min(part, left):
            till.receive(amount, (FIRST, amount), number=number)
    stands = balances([entry for entry in booked(till) if entry.subject.invoice_id == FIRST])
    assert till.invoice(FIRST).status == "paid"
    assert (stands["receivables"], stands["write_off"], stands["recovery"]) == (0, lost, -lost)


def lose(lost: Any, month: int, day: int) -> WriteOffDebt:
    id_, at = lost.invoice_id, climb(month, day).at
    return WriteOffDebt(invoice_id=id_, lost=lost.open, subscription_id=SUBSCRIPTION, at=at)


def recover(debt: Any, left: int, month: int, day: int) -> RecoverDebt:
    at = climb(month, day).at
    return RecoverDebt(invoice_id=debt.invoice_id, lost=usd(left), subscription_id=SUBSCRIPTION, at=at)


def test_service_that_stands_suspended_stays_so_until_all_of_the_loss_is_recovered() -> None:
    suspended = after(track(JUNE), climb(7, 7))
    lost, reached = DUNNING.decide(suspended, lose(JUNE, 8, 1))
    assert isinstance(lost, DebtWrittenOff) and isinstance(reached, DunningStepReached)
    assert (reached.step, reached.debts) == ("written_off", (JUNE,))
    state = after(track(JUNE), climb(7, 7), lose(JUNE, 8, 1))
    assert DUNNING.decide(state, pay(JUNE, 8, 2)) == []  # its payment says that nothing is open: that is not all
    assert len(DUNNING.decide(state, recover(JUNE, 40, 8, 2))) == 1
    _, cleared = DUNNING.decide(state, recover(JUNE, 0, 8, 2))
    assert isinstance(cleared, DunningCleared)


def test_a_small_rest_that_nobody_is_suspended_for_is_let_go() -> None:
    reminded = after(track(JUNE), climb(6, 17))
    reduced, cleared = DUNNING.decide(reminded, lose(JUNE, 6, 18))
    assert isinstance(reduced, DebtReduced) and isinstance(cleared, DunningCleared)
    assert DUNNING.decide(DUNNING.initial, lose(JUNE, 6, 18)) == []


def test_a_recovered_loss_leaves_the_step_of_what_is_still_owed() -> None:
    state = after(track(JUNE), track(JULY), climb(7, 7), lose(JUNE, 7, 18))
    assert DUNNING.decide(state, climb(7, 23)) == []  # it stands higher
    recovered, reached = DUNNING.decide(state, recover(JUNE, 0, 7, 23))
    assert isinstance(reached, DunningStepReached) and (reached.step, reached.debts) == ("warned", (JULY,))
    assert getattr(recovered, "steps_at", ()) == (climb(7, 30).at, climb(8, 6).at)


DEBTS = st.sampled_from([JUNE, JULY])
STORIES = st.lists(
    st.one_of(
        st.builds(track, DEBTS),
        st.builds(lambda debt, left: pay(debt, 8, 10, left), DEBTS, st.integers(0, 3)),
        st.builds(lambda debt: lose(debt, 8, 10), DEBTS),
        st.builds(lambda debt, left: recover(debt, left, 8, 10), DEBTS, st.integers(0, 3)),
        st.builds(lambda day: climb(8, day), st.integers(1, 10)),
    ),
    max_size=15,
)


@given(STORIES)
def test_who_owes_nothing_and_lost_nothing_of_ours_stands_on_no_step(story: list[Any]) -> None:
    state: Dunning = after(*story)
    assert (state.step == "written_off") == bool(state.lost)
    assert state.step == "clear" or state.debts or state.lost
    assert not {debt.invoice_id for debt in state.debts} & {debt.invoice_id for debt in state.lost}
    at = climb(8, 10).at
    for debt in state.lost:
        state = _told(state, RecoverDebt(invoice_id=debt.invoice_id, lost=usd(0), subscription_id=SUBSCRIPTION, at=at))
    for debt in state.debts:
        state = _told(state, ReduceDebt(invoice_id=debt.invoice_id, open=usd(0), subscription_id=SUBSCRIPTION, at=at))
    assert (state.step, state.lost, state.debts) == ("clear", (), ())


def _told(state: Dunning, command: Any) -> Dunning:
    for event in DUNNING.decide(state, command):
        state = DUNNING.evolve(state, event)
    return state
