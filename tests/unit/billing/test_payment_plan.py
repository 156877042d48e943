"""Payment plans: instalments come to what is open, whatever pays or reduces the invoices under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.payment.allocation import OpenInvoice, oldest_first
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_plan.commands import AgreePlan, ReviewPlan, WithdrawPlan
from services.billing.domain.payment_plan.events import (
    Agreement,
    PaymentPlanAgreed,
    PaymentPlanBroken,
    PaymentPlanKept,
    PlannedInvoice,
)
from services.billing.domain.payment_plan.instalments import Instalment, Owing, parts, progress
from services.billing.domain.payment_plan.state import NothingOwed, PaymentPlan, PlanEnded, PlanRefused
from shared.money import Money

JUNE = date(2013, 6, 1)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def owing(number: int, open_minor: int, charged: int | None = None) -> Owing:
    return Owing(
        invoice_id=UUID(int=number), charged=usd(open_minor if charged is None else charged), open=usd(open_minor)
    )


def agreed(amounts: Sequence[int], invoices: Sequence[int], **said: Any) -> Agreement:
    """Instalments of so much every 30 days from 1 July on, for invoices of which so much is open."""
    planned = [
        PlannedInvoice(
            invoice_id=UUID(int=number), number=f"INV-{number}", subscription_id=UUID(int=9), owing=owing(number, minor)
        )
        for number, minor in enumerate(invoices, start=1)
    ]
    days = (date(2013, 7, 1) + timedelta(days=30 * number) for number in range(len(amounts)))
    agreement = Agreement(
        plan_id=UUID(int=5),
        customer_id=UUID(int=6),
        customer_key="vx",
        zone="America/New_York",
        invoices=tuple(planned),
        instalments=tuple(Instalment(due_on=day, amount=usd(minor)) for day, minor in zip(days, amounts, strict=True)),
        grace_days=3,
        restores_service=False,
        agreed_on=JUNE,
        note="",
    )
    return replace(agreement, **said)


def standing(amounts: Sequence[int], invoices: Sequence[int]) -> PaymentPlan:
    [event] = PAYMENT_PLAN.decide(None, AgreePlan(agreement=agreed(amounts, invoices)))
    plan = PAYMENT_PLAN.evolve(None, event)
    assert plan is not None
    return plan


def review(month: int, day: int, *now: Owing) -> ReviewPlan:
    return ReviewPlan(now=now, at=datetime(2013, month, day, 4, tzinfo=UTC))


def test_each_instalment_is_looked_at_when_its_days_of_grace_are_over() -> None:
    [event] = PAYMENT_PLAN.decide(None, AgreePlan(agreement=agreed([60, 40], [100])))
    assert isinstance(event, PaymentPlanAgreed)
    assert event.reviews_at == (datetime(2013, 7, 5, 4, tzinfo=UTC), datetime(2013, 8, 4, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("agreement", "field"),
    [
        (agreed([60, 41], [100]), "/instalments"),
        (agreed([60, 40], [100], agreed_on=date(2013, 7, 2)), "/instalments/0/due_on"),
        (agreed([60, 40], [100], agreed_on=date(2000, 1, 1)), "/instalments/1/due_on"),
        (
            agreed(
                [],
                [100],
                instalments=(Instalment(due_on=JUNE, amount=usd(60)), Instalment(due_on=JUNE, amount=usd(40))),
            ),
            "/instalments/1/due_on",
        ),
    ],
)
def test_what_does_not_add_up_is_not_agreed(agreement: Agreement, field: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        PAYMENT_PLAN.decide(None, AgreePlan(agreement=agreement))
    assert refused.value.field == field


def test_what_is_paid_already_is_not_planned() -> None:
    with pytest.raises(NothingOwed):
        PAYMENT_PLAN.decide(None, AgreePlan(agreement=agreed([60, 40], [100, 0])))


def test_a_plan_is_in_one_currency() -> None:
    both = agreed([60, 40], [50, 50])
    euros = replace(
        both.invoices[1], owing=Owing(invoice_id=UUID(int=2), charged=Money(50, "EUR"), open=Money(50, "EUR"))
    )
    with pytest.raises(PlanRefused):
        PAYMENT_PLAN.decide(None, AgreePlan(agreement=replace(both, invoices=(both.invoices[0], euros))))


def test_one_missed_instalment_breaks_it_after_its_grace_and_not_before() -> None:
    plan = standing([60, 40], [70, 30])
    assert PAYMENT_PLAN.decide(plan, review(7, 4, owing(1, 11, 70), owing(2, 30))) == []
    [broken] = PAYMENT_PLAN.decide(plan, review(7, 5, owing(1, 11, 70), owing(2, 30)))
    assert isinstance(broken, PaymentPlanBroken) and broken.missing == usd(1) and broken.ending.paid == usd(59)
    assert PAYMENT_PLAN.decide(plan, review(7, 5, owing(1, 10, 70), owing(2, 30))) == []
    over = PAYMENT_PLAN.evolve(plan, broken)
    assert PAYMENT_PLAN.decide(over, review(9, 1, owing(1, 70), owing(2, 30))) == []
    with pytest.raises(PlanEnded):
        PAYMENT_PLAN.decide(
            over, WithdrawPlan(now=(owing(1, 70), owing(2, 30)), reason="late", at=datetime(2013, 9, 1, tzinfo=UTC))
        )


def test_who_pays_early_has_kept_it() -> None:
    [kept] = PAYMENT_PLAN.decide(standing([60, 40], [70, 30]), review(6, 2, owing(1, 0, 70), owing(2, 0, 30)))
    assert isinstance(kept, PaymentPlanKept) and kept.ending.paid == usd(100)


def test_what_is_credited_takes_the_last_instalments_down_and_pays_none() -> None:
    plan = standing([60, 40], [70, 30])
    found = plan.progress([owing(1, 70), owing(2, 0, 0)])  # the second one is void
    assert [each.amount.minor for each in found.due] == [60, 10] and found.paid == usd(0)
    [broken] = PAYMENT_PLAN.decide(plan, review(7, 5, owing(1, 70), owing(2, 0, 0)))
    assert isinstance(broken, PaymentPlanBroken) and broken.missing == usd(60)


def test_what_is_owed_beyond_the_plan_is_due_with_the_first_instalment() -> None:
    found = standing([60, 40], [70, 30]).progress([owing(1, 95, 95), owing(2, 30)])
    assert [left.minor for left in found.left] == [60, 65]  # charged again: the plan is longer by it
    found = standing([60, 40], [70, 30]).progress([owing(1, 95, 70), owing(2, 30)])
    assert [left.minor for left in found.left] == [85, 40]  # a payment from before it was taken back


@st.composite
def under_a_plan(draw: st.DrawFn) -> tuple[list[Instalment], list[Owing], list[Owing]]:
    """Open invoices, some partly paid before, cut into instalments; then what payments and credits made of them."""
    opened = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=5))
    before = [owing(n, minor, minor + draw(st.integers(0, 500))) for n, minor in enumerate(opened, start=1)]
    cuts = sorted(draw(st.sets(st.integers(1, sum(opened)), max_size=6)) | {sum(opened)})
    amounts = [after - earlier for earlier, after in zip([0, *cuts], cuts, strict=False)]
    instalments = [Instalment(due_on=JUNE + timedelta(days=n), amount=usd(minor)) for n, minor in enumerate(amounts)]
    now = []
    for was in before:
        credited = draw(st.integers(0, was.charged.minor))
        charged = was.charged.minor - credited
        now.append(replace(was, charged=usd(charged), open=usd(draw(st.integers(0, charged)))))
    return instalments, before, now


@given(under_a_plan())
def test_what_is_left_of_the_instalments_is_what_is_open(
    drawn: tuple[list[Instalment], list[Owing], list[Owing]],
) -> None:
    instalments, before, now = drawn
    found = progress(instalments, before, now)
    whole = sum(each.open.minor for each in now)
    assert sum(left.minor for left in found.left) == whole
    assert all(left.minor >= 0 for left in found.left)
    assert found.reduced.minor >= 0 and sum(each.amount.minor for each in found.due) == found.reduced.minor * -1 + sum(
        each.amount.minor for each in instalments
    )
    each_due = list(parts(found, now))
    assert {each.invoice_id: 0 for each in now} | _sums(each_due) == {each.invoice_id: each.open.minor for each in now}


def _sums(each_due: Sequence[Any]) -> dict[UUID, int]:
    sums: dict[UUID, int] = {}
    for part in each_due:
        sums[part.invoice_id] = sums.get(part.invoice_id, 0) + part.amount.minor
    return sums


@given(
    under_a_plan(), st.integers(0, 60_000), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5_000)), max_size=4)
)
def test_a_payment_pays_what_is_due_first_and_never_more_than_is_open(
    drawn: tuple[list[Instalment], list[Owing], list[Owing]], amount: int, others: list[tuple[int, int]]
) -> None:
    """Instalments by their own days among other invoices by theirs."""
    instalments, before, now = drawn
    due: dict[UUID, list[tuple[date, Money]]] = {}
    for part in parts(progress(instalments, before, now), now):
        due.setdefault(part.invoice_id, []).append((part.due_on, part.amount))
    planned = [invoice(each.invoice_id.int, each.open.minor, JUNE, due.get(each.invoice_id, [])) for each in now]
    free = [invoice(100 + n, minor, JUNE + timedelta(days=day)) for n, (day, minor) in enumerate(others)]
    shares = list(oldest_first([*planned, *free], usd(amount)))
    every = {each.invoice_id: each for each in (*planned, *free)}
    assert sum(share.amount.minor for share in shares) == min(amount, sum(each.open.minor for each in every.values()))
    assert len({share.invoice_id for share in shares}) == len(shares)
    assert all(share.amount <= every[share.invoice_id].open for share in shares)
    paid = {share.invoice_id: share.amount for share in shares}
    rest = [
        day for each in every.values() for day, left in each.less(paid.get(each.invoice_id, usd(0))).due() if left.minor
    ]
    taken = [day for each in every.values() for day, minor in _paid(each, paid.get(each.invoice_id, usd(0))) if minor]
    assert not rest or not taken or max(taken) <= min(rest)


def _paid(each: OpenInvoice, amount: Money) -> list[tuple[date, int]]:
    after = dict[date, int]()
    for day, left in each.less(amount).due():
        after[day] = after.get(day, 0) + left.minor
    before = dict[date, int]()
    for day, left in each.due():
        before[day] = before.get(day, 0) + left.minor
    return [(day, minor - after.get(day, 0)) for day, minor in before.items()]


def invoice(number: int, open_minor: int, due_on: date, due: Sequence[tuple[date, Money]] = ()) -> OpenInvoice:
    return OpenInvoice(
        invoice_id=UUID(int=number),
        number=f"INV-{number:03d}",
        customer_id=UUID(int=6),
        customer_key="vx",
        due_on=due_on,
        open=usd(open_minor),
        parts=tuple(due),
    )
