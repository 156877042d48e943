"""Parts of lines that people give back: to the minor unit of every rate, in the books, and beside usage that is told late."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.invoice.commands import CreditLines, Number
from services.billing.domain.invoice.events import CreditNoteIssued, InvoicePaid
from services.billing.domain.invoice.giving_back import LinePart, UncreditableLine, given_back
from services.billing.domain.invoice.state import Invoice, OverCredit
from services.billing.domain.invoicing.tax import taxes
from services.billing.domain.ledger.recognition import earned
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import CancelSubscription
from services.billing.processes import crediting
from shared.errors import DomainError
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.firm import AGREED, Firm, at
from tests.unit.billing.firm_books import assert_books, carried, usd
from tests.unit.billing.household import Household
from tests.unit.billing.ledger_books import balances, of_firm, of_stream
from tests.unit.billing.tax_oracle import NEW_YORK, sold
from tests.unit.billing.test_consolidated import TAXED, on
from tests.unit.billing.test_consolidated_documents import household, tell
from tests.unit.billing.test_subscription import new_york
from tests.unit.billing.test_taxed_documents import tax_by_rate

USAGE = st.dictionaries(st.sampled_from(("EWR", "JFK", "LGA")), st.integers(0, 60), max_size=3)
# Lines by their place among those that carry something, and which share of the line is given back.
PARTS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=8)
ROUNDINGS: Any = st.sampled_from(["tax_per_rate", "tax_per_line"])


def left_of(firm: Firm) -> dict[int, int]:
    """What the lines of the original still carry, by number."""
    left = Counter({line.number: line.amount.minor for line in firm.original.lines})
    for note in firm.happened(CreditNoteIssued):
        if note.facts.invoice_id == firm.original.header.invoice_id:
            left.subtract({line.corrects.line: line.amount.minor for line in note.carried.lines})
    return {number: minor for number, minor in left.items() if minor > 0}


def give_back(firm: Firm, parts: list[tuple[int, int]]) -> None:
    for place, share in parts:
        if left := left_of(firm):
            number = sorted(left)[place % len(left)]
            firm.give_back(firm.original, {number: max(1, left[number] // share)})


def assert_taxed_as_left(firm: Firm) -> None:
    """Of each rate what is left of its lines has, once rounded."""
    invoice, found = firm.original, tax_by_rate(firm)
    left = left_of(firm)
    lines = [replace(line, amount=usd(left.get(line.number, 0))) for line in invoice.lines]
    wanted = taxes(lines, "USD", invoice.header.bill.rounding)
    first = firm.states[next(key for key in firm.states if key[0] == "invoice")].totals.taxes
    for rate in {*wanted, *first}:
        nothing = usd(0)
        assert found[rate] == (wanted.get(rate, nothing) + first.get(rate, nothing)).minor


def test_a_part_of_two_lines_has_the_tax_that_what_is_left_has_no_more() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.give_back(firm.original, {2: 1000, 1: 501})
    (note,) = firm.happened(CreditNoteIssued)
    assert [(line.number, line.corrects.line, line.amount.minor) for line in note.carried.lines] == [
        (1, 2, 1000),
        (2, 1, 501),
    ]
    assert {line.quantity for line in note.carried.lines} == {0}
    assert {rate: tax.minor for rate, tax in note.carried.taxes.items()} == {"0.08875": 133, "0.07": 70}
    assert note.amount == usd(1501 + 203) == firm.original.totals.total - firm.original.open
    assert (note.reason, note.open, note.refundable) == ("goodwill", firm.original.open, usd(0))
    assert_taxed_as_left(firm)
    assert_books(firm)


@settings(max_examples=60, deadline=None)
@given(ROUNDINGS, USAGE, PARTS)
def test_any_parts_of_an_invoice_with_two_rates_and_all_the_rest_leave_nothing(
    rounding: Any, usage: dict[str, int], parts: list[tuple[int, int]]
) -> None:
    firm = Firm(taxation=replace(NEW_YORK, rounding=rounding))
    before, taxed = balances(of_firm(firm)), tax_by_rate(firm)
    firm.closed(usage)
    give_back(firm, parts)
    assert_taxed_as_left(firm)
    assert_books(firm)
    for number, minor in left_of(firm).items():
        firm.give_back(firm.original, {number: minor})
    assert (firm.original.status, firm.original.left, firm.original.open) == ("credited", usd(0), usd(0))
    assert balances(of_firm(firm)) == before
    assert +tax_by_rate(firm) == +taxed
    assert all(entry.is_balanced for entry in of_firm(firm))
    assert_books(firm)


@settings(max_examples=50, deadline=None)
@given(ROUNDINGS, USAGE, PARTS)
def test_a_full_credit_afterwards_takes_the_rest_of_prices_with_tax_in_them(
    rounding: Any, usage: dict[str, int], parts: list[tuple[int, int]]
) -> None:
    line = sold("standard", "reduced", "standard", inclusive=True)
    firm = Firm(line, taxation=replace(NEW_YORK, rounding=rounding))
    before, taxed = balances(of_firm(firm)), tax_by_rate(firm)
    firm.closed(usage)
    firm.pay(firm.original, firm.original.totals.total)
    give_back(firm, parts)
    for note in firm.happened(CreditNoteIssued):
        assert all(tax.minor >= 0 for tax in note.carried.taxes.values())
        assert note.refundable == note.amount
    if firm.original.left.minor:
        firm.credit_in_full(firm.original)
    assert firm.original.refundable == firm.original.totals.total
    after, total = balances(of_firm(firm)), firm.original.totals.total.minor
    moved = {account: after[account] - before[account] for account in {*before, *after}}
    assert +Counter(moved) == {"cash": total}
    assert -Counter(moved) == {"customer_credit": total}
    assert +tax_by_rate(firm) == +taxed
    assert_books(firm)


def test_parts_of_a_price_with_tax_in_it_give_back_the_price() -> None:
    firm = Firm(sold("standard", "reduced", "reduced", inclusive=True), taxation=NEW_YORK).closed({"JFK": 40})
    fee = firm.original.lines[0]
    for minor in (1, fee.amount.minor - 2, 1):
        firm.give_back(firm.original, {1: minor})
        assert_taxed_as_left_of_fee(firm)
    notes = firm.happened(CreditNoteIssued)
    assert sum(note.amount.minor for note in notes) == fee.priced.minor == 1501
    assert_books(firm)


def assert_taxed_as_left_of_fee(firm: Firm) -> None:
    given_tax: Counter[str] = Counter()
    for note in firm.happened(CreditNoteIssued):
        given_tax.update({rate: tax.minor for rate, tax in note.carried.taxes.items()})
    fee = firm.original.lines[0]
    net = usd(left_of(firm).get(1, 0))
    for tax in fee.taxes:
        assert tax.included is not None
        assert tax.included.minor - given_tax[tax.key] == net.times(tax.factor).minor


def test_no_more_than_a_line_still_carries_and_each_line_once() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.give_back(firm.original, {2: 1000})
    refused: list[tuple[dict[int, int], type[DomainError], str]] = [
        ({1: 1, 2: 3345}, OverCredit, "/lines/1/amount_minor"),
        ({9: 1}, UncreditableLine, "/lines/0/line"),
    ]
    for parts, error, field in refused:
        with pytest.raises(error) as raised:
            firm.give_back(firm.original, parts)
        assert raised.value.field == field
    with pytest.raises(OverCredit, match="at most 3344"):
        firm.give_back(firm.original, {2: 3345})
    with pytest.raises(UncreditableLine) as raised:
        given_back(firm.original, [LinePart(line=1, amount=usd(1)), LinePart(line=1, amount=usd(2))], "CN")
    assert raised.value.field == "/lines"


def test_what_corrects_another_invoice_is_not_given_back_by_line() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.revise({"JFK": 25})
    with pytest.raises(UncreditableLine, match=f"{firm.original.issued.number}: credit that invoice by line"):
        firm.give_back(firm.invoices[1], {1: 10})
    firm.give_back(firm.original, {1: 10})
    assert [each.carried.totals("USD").subtotal for each in firm.happened(CreditNoteIssued)] == [usd(10)]


def test_where_nothing_is_open_any_more_it_is_paid() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.pay(firm.original, firm.original.totals.total - usd(100))
    firm.give_back(firm.original, {1: 1501})
    (note,) = firm.happened(CreditNoteIssued)
    assert (firm.original.status, firm.original.open, note.refundable) == ("paid", usd(0), note.amount - usd(100))
    assert len(firm.happened(InvoicePaid)) == 1


def test_what_was_given_back_of_usage_is_not_given_back_again_and_not_billed_again() -> None:
    firm = Firm(replace(AGREED, minimum=None)).closed({"JFK": 40})
    jfk = next(line for line in firm.original.lines if line.kind == "usage")
    firm.give_back(firm.original, {jfk.number: 500})
    charged = carried(firm)
    firm.revise({"JFK": 37})  # 3.03 less, of 5.00 that was given back
    assert carried(firm) == charged and len(firm.happened(CreditNoteIssued)) == 1
    firm.revise({"JFK": 30})  # 10.11 less
    assert firm.original.carried().totals("USD").subtotal == firm.rated().subtotal
    assert firm.happened(CreditNoteIssued)[-1].carried.totals("USD").subtotal == usd(511)
    firm.revise({"JFK": 40})
    assert carried(firm) == charged
    firm.revise({"JFK": 42})
    assert firm.original.carried().totals("USD").subtotal == firm.rated().subtotal - usd(500)
    firm.revise({"JFK": 40})
    assert carried(firm) == charged
    assert_books(firm)


@settings(max_examples=60, deadline=None)
@given(
    st.booleans(),
    st.sampled_from(["correct", "next_invoice"]),
    USAGE,
    st.lists(st.tuples(USAGE, PARTS), max_size=4),
)
def test_usage_told_late_and_parts_given_back_follow_from_the_log_and_a_full_credit_leaves_nothing(
    inclusive: bool, policy: Any, usage: dict[str, int], days: list[tuple[dict[str, int], list[tuple[int, int]]]]
) -> None:
    line = replace(sold("standard", "reduced", "standard", inclusive=inclusive), late_usage=policy)
    firm = Firm(line, taxation=NEW_YORK).closed(usage)
    before = tax_by_rate(Firm(line, taxation=NEW_YORK))
    for revised, parts in days:
        for place, share in parts:
            number = place % len(firm.original.lines) + 1
            amount = max(1, firm.original.lines[number - 1].amount.minor // (share + 1))
            if amount <= left_of(firm).get(number, 0):
                firm.give_back(firm.original, {number: amount})
        firm.revise(revised)
        assert_books(firm)
        assert firm.original.carried().totals("USD").subtotal <= firm.rated().subtotal
    for invoice in list(firm.invoices):
        if invoice.left.minor or invoice.credited_tax != invoice.totals.tax:
            firm.credit_in_full(invoice)
    assert +tax_by_rate(firm) == +before
    assert_books(firm)


def deferred_to_unused_days(firm: Firm) -> int:
    """What is still to be earned in days that were credited because nobody uses them."""
    notes = [note for note in firm.happened(CreditNoteIssued) if note.subscription_version is not None]
    unused = [line.starts_on for note in notes for line in note.carried.lines]
    plans = [entry.stretch for entry in of_stream(firm.events["invoice", firm.original.header.invoice_id])]
    return sum(
        (earned(plan.total, plan.over, plan.days.end) - earned(plan.total, plan.over, max(plan.days.start, day))).minor
        for day in unused
        for plan in plans
        if plan is not None and plan.days.end > day
    )


@settings(max_examples=60, deadline=None)
@given(st.booleans(), ROUNDINGS, PARTS, st.integers(1, 27), PARTS)
def test_unused_time_is_credited_with_no_more_than_people_left(
    inclusive: bool, rounding: Any, parts: list[tuple[int, int]], day: int, more: list[tuple[int, int]]
) -> None:
    line = sold("standard", "reduced", "standard", inclusive=inclusive)
    firm = Firm(line, taxation=replace(NEW_YORK, rounding=rounding))
    before = tax_by_rate(firm)
    firm.closed({"JFK": 30})
    give_back(firm, parts)
    firm.now = at(2, day)
    cancel = CancelSubscription(at=firm.now, when="now", reason="moved", credit="unused_time")
    firm.carry_out([Order(SUBSCRIPTION, firm.id, cancel)])
    subscription, version = firm.state(SUBSCRIPTION, firm.id), len(firm.events["subscription", firm.id])
    firm.carry_out(crediting.credit_unused(subscription, version, firm.original, firm.desk))
    give_back(firm, more)
    for number, minor in left_of(firm).items():
        firm.give_back(firm.original, {number: minor})
    assert firm.original.left == Money.zero("USD")
    assert deferred_to_unused_days(firm) == 0
    assert +tax_by_rate(firm) == +before
    assert_books(firm)


def test_a_part_of_an_invoice_for_several_is_of_the_subscription_whose_line_it_is() -> None:
    found = household(TAXED, TAXED, until=new_york(2013, 2, 2))
    (invoice,) = on(found, date(2013, 2, 1))
    member = found.members[1]
    line = next(each for each in invoice.lines if each.subscription_id == member.id and each.kind == "usage")
    shares = [each.share.minor for each in invoice.issued.subscriptions]
    number = Number(legal_entity="Hudson", series="CN", sequence=1)
    part = LinePart(line=line.number, amount=usd(100))
    command = CreditLines(number=number, on=date(2013, 2, 2), at=member.now, reason="goodwill", parts=(part,))
    tell(found, invoice, command)
    (invoice,) = on(found, date(2013, 2, 1))
    (note,) = invoice.given
    assert [each.subscription_id for each in note.lines] == [member.id]
    less = note.totals("USD").total.minor
    assert [each.share.minor for each in invoice.issued.subscriptions] == [shares[0], shares[1] - less]
    for each, quantity in ((found.members[0], 1), (member, 2)):
        period = next(p for p in each.periods if p.closed)
        found.revise(period.item.period_id, quantity, new_york(2013, 2, 3))
    (invoice,) = on(found, date(2013, 2, 1))
    owners = [event.carried.lines[0].subscription_id for event in credited(found, invoice)]
    assert owners == [member.id, found.members[0].id]  # the second revision is worth what was given back
    assert found.differences() == []


def credited(found: Household, invoice: Invoice) -> list[CreditNoteIssued]:
    events = found.events["invoice", invoice.header.invoice_id]
    return [event for event in events if isinstance(event, CreditNoteIssued)]
