"""People change lines of a draft: whatever usage says afterwards, the invoice follows from the log and from what they did."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import AddLine, AdjustLine, DiscardInvoice, IssueInvoice, RemoveLine
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.editing import AlreadyIssued, BelowZero, CorrectsAnother, NothingAdjusted
from services.billing.domain.invoice.line_edits import OneOff, edited
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound
from services.billing.domain.invoice.totals import Totals, totals_of
from services.billing.domain.plan_validation import FlatPriceTooClever
from services.billing.domain.pricing.limits import NotPositive
from services.billing.domain.pricing.price import Percentage, Price, Tier
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.listed import UnlistedTaxCategory
from shared.decider import NotAllowedNow
from shared.errors import DomainError
from shared.orders import Order
from tests.unit.billing.firm import AGREED, GATES, RATE, Firm, at
from tests.unit.billing.firm_books import assert_books, usd
from tests.unit.billing.ledger_books import balances, of_firm, of_stream
from tests.unit.billing.test_cancellation import TAXED, cancel, running
from tests.unit.billing.test_subscription import new_york

HOURS = OneOff(
    code="setup",
    description="Installation",
    quantity=Decimal("2.5"),
    price=Price(model="per_unit", unit_amount=Decimal("99.999")),
    tax_rates=(RATE,),
    revenue_class="special_project_overdue",
)
ADD = AddLine(item=HOURS, reason="agreed on the phone")
REVIEWED = replace(AGREED, review_days=3)


def draft(departures: int = 20, **firm: Any) -> Firm:
    """Fee, gates and true-up of January on a draft."""
    return Firm(REVIEWED, **firm).closed({"JFK": departures})


def tell(firm: Firm, *commands: Any) -> None:
    firm.carry_out(Order(INVOICE, firm.original.header.invoice_id, command) for command in commands)


def issue(firm: Firm) -> None:
    tell(firm, IssueInvoice(number=firm.desk.next_number()))


def lines(firm: Firm) -> list[tuple[int, str, int]]:
    return [(line.number, line.charge, line.amount.minor) for line in firm.original.lines]


def with_edits(firm: Firm) -> Totals:
    """What the original comes to with the latest usage and all that people changed."""
    invoice, subscription = firm.original, firm.state(SUBSCRIPTION, firm.id)
    composed = compose(subscription, invoice.header.bill, firm._usage(invoice.header.bill))
    return totals_of(edited(composed, invoice.edits, invoice.header.bill, "USD"), "USD")


def test_what_is_added_is_priced_and_taxed_like_any_other_line_and_earned_at_once() -> None:
    firm = draft()
    before = firm.original.totals
    tell(firm, ADD)
    line = firm.original.lines[-1]
    assert (line.kind, line.quantity, line.amount, line.residue) == (
        "one_off",
        Decimal("2.5"),
        usd(25000),
        Decimal("-0.0025"),
    )
    assert (line.starts_on, line.ends_on, line.quote_id, line.edit) == (date(2013, 2, 1), date(2013, 2, 2), None, 1)
    taxed = before.taxes[RATE].minor, firm.original.totals.taxes[RATE].minor
    assert taxed == (519, 2737)  # of 58.45 and of 308.45: once per rate, on the sum
    issue(firm)
    assert firm.differences(firm.original) == []
    booked = [
        p for e in of_firm(firm) for p in e.postings if p.line == line.number and p.revenue_class == HOURS.revenue_class
    ]
    assert [(posting.account, posting.amount) for posting in booked] == [("revenue", usd(-25000))]


def test_tiers_of_what_is_added_are_kept_for_who_asks() -> None:
    tiers = (Tier(up_to=Decimal(2), unit_amount=Decimal(10)), Tier(up_to=None, unit_amount=Decimal(4)))
    firm = draft()
    tell(firm, replace(ADD, item=replace(HOURS, quantity=Decimal(3), price=Price(model="graduated", tiers=tiers))))
    assert [(use.quantity, use.amount) for use in firm.original.lines[-1].tiers] == [(2, 20), (1, 4)]


def test_who_is_not_taxed_is_not_taxed_for_what_is_added() -> None:
    firm = draft(tax=TaxStatus(treatment="exempt", reference="C-1"))
    tell(firm, ADD)
    assert (firm.original.lines[-1].tax_rates, firm.original.totals.tax) == ((), usd(0))
    issue(firm)
    assert firm.differences(firm.original) == []


def test_lines_are_taken_off_and_adjusted_and_what_stays_is_numbered_anew() -> None:
    firm = draft()
    assert lines(firm) == [(1, "fee", 1501), (2, "gates", 4344)]
    tell(firm, ADD, RemoveLine(line=1, reason="a gift"), AdjustLine(line=1, by=usd(-44), reason="goodwill"))
    assert lines(firm) == [(1, "gates", 4300), (2, "setup", 25000)]
    assert [(a.edit, a.amount) for a in firm.original.lines[0].adjustments] == [(3, usd(-44))]
    tell(firm, RemoveLine(line=2, reason="not ordered"))
    assert lines(firm) == [(1, "gates", 4300)]
    issue(firm)
    assert_books(firm)


def test_usage_that_is_revised_meanwhile_is_rated_and_then_changed_once_more() -> None:
    firm = draft()
    tell(firm, RemoveLine(line=1, reason="a gift"), AdjustLine(line=1, by=usd(-4344), reason="a gift"), ADD)
    firm.revise({"EWR": 1, "JFK": 21})
    assert lines(firm) == [(1, "gates", 333), (2, "gates", 101), (3, "setup", 25000)]
    assert firm.original.totals == with_edits(firm)
    firm.revise({"EWR": 1, "JFK": 10})
    assert [line.amount.minor for line in firm.original.lines if line.group == "JFK"] == [0]
    issue(firm)
    assert_books(firm)


def test_what_was_issued_takes_no_change_and_says_what_does() -> None:
    firm = draft()
    issue(firm)
    for command in (ADD, RemoveLine(line=1, reason="x"), AdjustLine(line=1, by=usd(1), reason="x")):
        with pytest.raises(AlreadyIssued, match="HUD-000001 was issued: take back what is wrong with a credit note"):
            tell(firm, command)
    other = draft()
    tell(other, DiscardInvoice(reason="wrong"))
    with pytest.raises(NotAllowedNow):
        tell(other, ADD)


@pytest.mark.parametrize(
    ("command", "error", "field"),
    [
        (RemoveLine(line=9, reason="x"), InvoiceNotFound, None),
        (AdjustLine(line=1, by=usd(0), reason="x"), NothingAdjusted, "/by_minor"),
        (AdjustLine(line=1, by=usd(-1502), reason="x"), BelowZero, "/by_minor"),
        (replace(ADD, item=replace(HOURS, quantity=Decimal(0))), NotPositive, "/quantity"),
        (replace(ADD, item=replace(HOURS, tax_rates=("2",))), DomainError, "/tax_rates/0"),
        (
            replace(ADD, item=replace(HOURS, price=Price(model="percentage", percentage=Percentage(rate=Decimal(1))))),
            FlatPriceTooClever,
            "/price/model",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(command: Any, error: type[DomainError], field: str | None) -> None:
    with pytest.raises(error) as refused:
        tell(draft(), command)
    assert refused.value.field == field


def test_a_line_that_answers_for_an_earlier_invoice_is_not_touched() -> None:
    firm = Firm(replace(REVIEWED, late_usage="next_invoice")).closed({"JFK": 20})
    issue(firm)
    firm.revise({"JFK": 30})
    firm.bill(at(3))
    [corrected] = [line for line in firm.invoices[-1].lines if line.corrects]
    order = Order(INVOICE, firm.invoices[-1].header.invoice_id, RemoveLine(line=corrected.number, reason="x"))
    with pytest.raises(CorrectsAnother):
        firm.carry_out([order])


def test_late_usage_leaves_alone_what_people_changed() -> None:
    """A removed charge is not billed by the back door, and an adjustment is not taken back."""
    firm = draft()
    tell(firm, AdjustLine(line=2, by=usd(-1000), reason="goodwill"), RemoveLine(line=1, reason="a gift"), ADD)
    issue(firm)
    firm.revise({"JFK": 21})
    [answer] = [i for i in firm.invoices if i.header.corrects]
    assert [(line.charge, line.amount) for line in answer.lines] == [("gates", usd(101))]
    assert firm.original.carried().totals("USD").total == with_edits(firm).total
    assert_books(firm)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(("add", "remove", "adjust", "revise", "issue")), st.integers(1, 5), st.integers(-9000, 9000)
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from((None, 4000, 15000)), EDITS)
def test_whatever_people_and_usage_do_in_turns_all_follows_from_the_log(minimum: int | None, days: list[Any]) -> None:
    line = replace(
        REVIEWED, charges=(*AGREED.charges[:1], GATES), minimum=minimum and replace(AGREED.minimum, amount=usd(minimum))
    )
    firm = Firm(line).closed({"JFK": 20})
    for act, number, amount in days:
        try:
            _do(firm, act, number, amount)
        except (AlreadyIssued, BelowZero, InvoiceNotFound, NothingAdjusted):
            continue
    assert firm.original.carried().totals("USD").total == with_edits(firm).total
    if firm.original.facts is None:
        issue(firm)
    assert_books(firm)
    sums = balances(of_firm(firm))
    assert sum(sums.values()) == 0
    assert sums["receivables"] == sum(
        (i.totals.total - i.credited).minor for i in firm.states.values() if isinstance(i, Invoice) and i.facts
    )


def _do(firm: Firm, act: str, number: int, amount: int) -> None:
    match act:
        case "add":
            tell(firm, replace(ADD, item=replace(HOURS, quantity=Decimal(number))))
        case "remove":
            tell(firm, RemoveLine(line=number, reason="x"))
        case "adjust":
            tell(firm, AdjustLine(line=number, by=usd(amount), reason="x"))
        case "revise":
            firm.revise({"JFK": number * 7, "EWR": abs(amount) % 4})
        case "issue" if firm.original.facts is None:
            issue(firm)


def test_time_that_is_not_used_is_credited_of_what_people_left_on_the_draft() -> None:
    """Two fees of 1,500.00: one was taken off, half of the other was given; 22 of 31 days are not used."""
    other = replace(TAXED, code="support")
    life = running(new_york(2013, 1, 1), TAXED, other, review_days=2)
    [draft] = life.invoices
    commands = (RemoveLine(line=1, reason="a gift"), AdjustLine(line=1, by=usd(-75_000), reason="half of it"), ADD)
    life.carry_out(Order(INVOICE, draft.header.invoice_id, command) for command in commands)
    at = new_york(2013, 1, 10)
    life.move(at)
    life.say(cancel(at))
    life.move(at)
    [invoice] = life.invoices
    [note] = invoice.unused
    assert [(line.charge, line.amount, line.corrects and line.corrects.line) for line in note.lines] == [
        ("support", usd(53_226), 1)
    ]
    assert invoice.left.minor > 0 and life.differences() == []
    entries = list(of_stream(life.events["invoice", draft.header.invoice_id], at))
    assert not balances(entries)["deferred_revenue"]


def test_a_fee_that_people_took_off_is_not_credited() -> None:
    life = running(new_york(2013, 1, 1), TAXED, review_days=2)
    order = Order(INVOICE, life.invoices[0].header.invoice_id, RemoveLine(line=1, reason="a gift"))
    life.carry_out([order])
    at = new_york(2013, 1, 10)
    life.move(at)
    life.say(cancel(at))
    life.move(at)
    assert [(i.totals.total.minor, i.unused) for i in life.invoices] == [(0, ())] and life.differences() == []


def test_a_line_that_is_added_has_a_tax_category_that_some_place_lists() -> None:
    firm, standard = draft(), replace(HOURS, tax_rates=(), tax_category="standard")
    with pytest.raises(UnlistedTaxCategory) as refused:
        tell(firm, replace(ADD, item=standard))
    assert refused.value.field == "/tax_category"
    tell(firm, replace(ADD, item=standard, tax_categories=frozenset({"standard"})))
