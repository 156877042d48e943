"""Instalments that are charged by themselves: on their days and again by the retries, and together what was agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.autopay import RequestInstalment
from services.billing.domain.payment_plan.charges import charges_at, due
from services.billing.domain.payment_plan.events import Agreement
from services.billing.domain.payment_plan.instalments import Owing, Part, parts
from services.billing.domain.payment_plan.state import PaymentPlan
from services.billing.domain.payment_profile import PaymentMethod, PaymentProfile
from services.billing.processes import autopaying
from shared.money import Money
from shared.periods import start_of_day
from tests.unit.billing.test_payment_plan import agreed, usd

BEFORE = datetime(2013, 6, 1, 12, tzinfo=UTC)
PROFILE = PaymentProfile(method=PaymentMethod(provider="test", token="tok_1"), autopay=True)


def charged(amounts: list[int], invoices: list[int], retry_days: tuple[int, ...] = (3, 5)) -> Agreement:
    return agreed(amounts, invoices, autopay_retry_days=retry_days)


def open_now(agreement: Agreement) -> list[Owing]:
    return [invoice.owing for invoice in agreement.invoices]


def parts_of(agreement: Agreement, now: list[Owing]) -> list[Part]:
    return list(parts(PaymentPlan(agreement=agreement).progress(now), now))


def test_each_instalment_is_charged_on_its_day_and_tried_again() -> None:
    days = [(at.month, at.day) for at in charges_at(charged([60, 40], [100]), BEFORE)]
    assert days == [(7, 1), (7, 4), (7, 6), (7, 31), (8, 3), (8, 5)]
    assert charges_at(agreed([60, 40], [100]), BEFORE) == ()
    late = datetime(2013, 7, 5, tzinfo=UTC)
    assert charges_at(charged([60, 40], [100], (3,)), late)[0] == late


def test_what_is_due_is_asked_of_each_invoice_for_itself() -> None:
    agreement = charged([60, 40], [50, 50])
    first, second = due(agreement, parts_of(agreement, open_now(agreement)), date(2013, 7, 1))
    assert [(each.invoice_id.int, each.amount) for each in (first, second)] == [(1, usd(50)), (2, usd(10))]
    assert first.last_attempt_at == start_of_day(date(2013, 7, 6), agreement.zone)
    one, two = open_now(agreement)
    [left] = due(agreement, parts_of(agreement, [_paid(one), two]), date(2013, 7, 1))
    assert (left.invoice_id.int, left.amount) == (2, usd(10))


def test_nothing_is_charged_without_autopay_of_plan_and_customer() -> None:
    agreement = charged([60, 40], [100])
    what_is_due, at = parts_of(agreement, open_now(agreement)), datetime(2013, 7, 1, 4, tzinfo=UTC)
    [order] = autopaying.on_instalments_due(agreement, what_is_due, PROFILE, at)
    assert isinstance(order.command, RequestInstalment)
    assert (order.command.amount, order.command.owed.invoice) == (usd(60), "INV-1")
    stopped = replace(PROFILE, autopay=False)
    assert list(autopaying.on_instalments_due(agreement, what_is_due, stopped, at)) == []
    unasked = replace(agreement, autopay_retry_days=None)
    assert list(autopaying.on_instalments_due(unasked, what_is_due, PROFILE, at)) == []


def _paid(owing: Owing) -> Owing:
    return replace(owing, open=Money.zero(owing.open.currency))


@given(
    st.lists(st.integers(1, 5_000), min_size=1, max_size=4),
    st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
    st.lists(st.booleans(), max_size=40),
)
def test_who_is_charged_pays_each_instalment_in_time_and_nothing_twice(
    invoices: list[int], cuts: list[int], declined: list[bool]
) -> None:
    """Whichever charges fail: never more than is due, and all of it once they succeed."""
    whole = sum(invoices)
    days = sorted({min(sum(cuts[: n + 1]), whole) for n in range(len(cuts))} | {whole})
    amounts = [after - before for before, after in zip([0, *days], days, strict=False)]
    agreement = charged(amounts, invoices)
    now, answers, taken = open_now(agreement), iter(declined), 0
    for at in charges_at(agreement, BEFORE):
        today = at.date()  # 04:00 UTC is the start of the day in New York
        asked_by_then = sum(each.amount.minor for each in agreement.instalments if each.due_on <= today)
        for wanted in list(due(agreement, parts_of(agreement, now), today)):
            if next(answers, False):
                continue
            taken += wanted.amount.minor
            now = [_less(each, wanted.amount) if each.invoice_id == wanted.invoice_id else each for each in now]
        assert taken <= asked_by_then
        assert sum(each.open.minor for each in now) == whole - taken
    assert taken == whole or any(declined)


def _less(owing: Owing, paid: Money) -> Owing:
    assert paid <= owing.open
    return replace(owing, open=owing.open - paid)
