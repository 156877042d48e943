"""What else is done with an invoice of several subscriptions: edits, credit that charges include, payment plans, rehearsals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.billing.domain.dunning.commands import HoldDebts
from services.billing.domain.included_credit import IncludedCredit
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import AddLine, RemoveLine, VoidInvoice
from services.billing.domain.invoice.line_edits import OneOff
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.unused import unused
from services.billing.domain.payment_plan.events import Agreement, PlannedInvoice
from services.billing.domain.payment_plan.instalments import Instalment, Owing
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription.commands import CancelSubscription
from services.billing.processes import included_credit, instalments
from services.billing.processes.rerating import Trial
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.household import Household
from tests.unit.billing.prices import per_unit
from tests.unit.billing.test_consolidated import ALWAYS, APRIL, JANUARY, TAXED, on, usd
from tests.unit.billing.test_subscription import new_york

FEBRUARY = date(2013, 2, 1)
VISIT = OneOff(code="visit", description="A visit", quantity=Decimal(1), price=per_unit("80"))
FEE, CALLS = TAXED.charges
INCLUDING = replace(
    TAXED,
    charges=(
        replace(FEE, includes=IncludedCredit(code="unit", quantity=Decimal(10), unit_amount=Decimal("0.5"))),
        CALLS,
    ),
)


def household(*lines: Any, until: Any) -> Household:
    found = Household(ALWAYS)
    for line in lines:
        found.join(line, JANUARY, [(new_york(2013, 1, 10), 3)])
    found.move(until)
    return found


def tell(found: Household, invoice: Invoice, *commands: Any) -> None:
    found.members[0].carry_out(Order(INVOICE, invoice.header.invoice_id, command) for command in commands)


def test_what_people_changed_of_the_draft_is_done_again_when_one_of_its_periods_is_revised() -> None:
    found = household(replace(TAXED, review_days=5), TAXED, until=new_york(2013, 2, 3))
    (draft,) = on(found, FEBRUARY)
    removed = next(line for line in draft.lines if line.kind == "flat" and line.subscription_id == found.members[1].id)
    tell(found, draft, AddLine(item=VISIT, reason="on site"), RemoveLine(line=removed.number, reason="a gift"))
    period = next(p for p in found.members[1].periods if p.closed)
    found.revise(period.item.period_id, 8, new_york(2013, 2, 3))
    (draft,) = on(found, FEBRUARY)
    assert draft.totals.subtotal == usd(1501 + 300 + 800 + 8000)
    assert [line.subscription_id for line in draft.lines if line.edit] == [None]
    found.move(new_york(2013, 2, 8))
    (issued,) = on(found, FEBRUARY)
    shares = [each.share for each in issued.issued.subscriptions]
    assert shares == [usd(1801 + 160), usd(800 + 71)] and found.differences() == []


def test_credit_that_a_charge_includes_is_granted_and_taken_back_by_the_line_of_its_subscription() -> None:
    found = household(INCLUDING, INCLUDING, until=new_york(2013, 1, 2))
    (invoice,) = found.invoices
    ids = [included_credit.wallet_id(invoice.header.invoice_id, line.number) for line in invoice.lines]
    assert [found.states["wallet", id_].balance for id_ in ids] == [usd(500), usd(500)]
    series = {found.states["wallet", id_].terms.rollover.series for id_ in ids}
    assert series == {included_credit.series(member.id, "fee") for member in found.members}
    desk = replace(found.members[0].desk, wallet=lambda id_: found.states.get(("wallet", id_)))
    tell(found, invoice, VoidInvoice(reason="wrong"))
    found.members[0].carry_out(included_credit.on_voided(invoice, desk))
    assert [found.states["wallet", id_].balance for id_ in ids] == [usd(0), usd(0)]


def test_a_line_that_was_taken_off_the_draft_grants_no_credit_and_the_others_have_their_own() -> None:
    fee = INCLUDING.charges[0]
    line = replace(INCLUDING, charges=(fee, replace(fee, code="seats"), CALLS), review_days=5)
    found = household(line, until=new_york(2013, 1, 2))
    tell(found, found.invoices[0], RemoveLine(line=1, reason="sold by mistake"))
    found.move(new_york(2013, 1, 6))
    (invoice,), (member,) = found.invoices, found.members
    (wallet,) = [state for (category, _), state in found.states.items() if category == "wallet"]
    assert (wallet.balance, wallet.facts.wallet_id) == (
        usd(500),
        included_credit.wallet_id(invoice.header.invoice_id, 1),
    )
    assert wallet.terms.rollover.series == included_credit.series(member.id, "seats")
    member.say(CancelSubscription(at=new_york(2013, 1, 17), when="now", credit="unused_time", reason="left"))
    desk = replace(member.desk, wallet=lambda id_: found.states.get(("wallet", id_)))
    credited = unused(member.subscription, invoice)
    assert credited is not None
    member.carry_out(included_credit.on_unused(member.subscription, invoice, credited, desk))
    assert found.states["wallet", wallet.facts.wallet_id].balance == usd(258)  # 16 of 31 days


def test_a_payment_plan_holds_the_debt_of_each_subscription() -> None:
    planned = PlannedInvoice(
        invoice_id=UUID(int=1),
        number="INV-1",
        subscription_id=None,
        owing=Owing(invoice_id=UUID(int=1), open=usd(10), charged=usd(10)),
        subscription_ids=(UUID(int=100), UUID(int=101)),
    )
    agreement = Agreement(
        plan_id=UUID(int=2),
        customer_id=UUID(int=9),
        customer_key="F9",
        zone="UTC",
        invoices=(planned,),
        instalments=(Instalment(due_on=FEBRUARY, amount=usd(10)),),
        grace_days=3,
        restores_service=False,
        agreed_on=FEBRUARY,
        note="",
    )
    held = [order.stream_id for order in instalments.agree(agreement, JANUARY) if isinstance(order.command, HoldDebts)]
    assert held == [UUID(int=100), UUID(int=101)]


def test_a_question_about_other_usage_is_answered_as_the_usage_itself_would_be() -> None:
    found = household(TAXED, TAXED, until=new_york(2013, 3, 10))
    (original,) = on(found, FEBRUARY)
    period = next(p for p in found.members[1].periods if p.item.starts_on == date(2013, 1, 1))
    total = PeriodTotal(group="", quantity=Decimal(9), count=9, digest="01")
    trial = Trial(
        lambda decider, id_: found.states.get((decider.category, id_), decider.initial),
        lambda decider, id_: len(found.events[decider.category, id_]),
        lambda id_: found.events["usage_period", id_],
        new_york(2013, 3, 10),
    )
    ((foreseen,),) = trial.revise(period.item.period_id, (total,), original.header.invoice_id).values()
    before = found.money
    found.revise(period.item.period_id, 9, new_york(2013, 3, 10))
    assert (foreseen.kind, Money(foreseen.total, "USD")) == ("invoice", found.money - before)


def test_a_subscription_that_was_cancelled_before_the_invoice_is_credited_when_it_is_issued() -> None:
    found = household(TAXED, TAXED, until=new_york(2013, 1, 1, 12))
    assert found.invoices == []
    leaving = found.members[0]
    leaving.say(CancelSubscription(at=new_york(2013, 1, 1, 12), when="now", credit="unused_time", reason="left"))
    found.move(APRIL)
    first = on(found, date(2013, 1, 1))[0]
    assert {line.subscription_id for carried in first.unused for line in carried.lines} == {leaving.id}
    assert found.differences() == []
