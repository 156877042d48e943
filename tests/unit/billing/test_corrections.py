"""Usage that is known late: whatever comes, in whichever direction, documents add up to what the usage is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import VoidInvoice
from services.billing.domain.invoice.events import (
    CorrectionAnswered,
    CorrectionNoted,
    CreditNoteIssued,
    InvoicePaid,
    InvoiceRecalculated,
)
from services.billing.domain.late_usage import policy_text, treatment
from shared.orders import Order
from tests.unit.billing.firm import AGREED, Firm, at
from tests.unit.billing.firm_books import assert_books, carried, usd


def answers(firm: Firm) -> list[str]:
    return [answer.answer for answer in firm.happened(CorrectionAnswered)]


def test_more_is_billed_on_an_invoice_of_its_own_that_names_the_original() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.now = at(2, 12)
    firm.revise({"JFK": 25, "EWR": 1})
    original, correction = firm.invoices
    facts = correction.issued
    assert (facts.kind, facts.corrects_invoice_id, facts.number) == (
        "correction",
        original.header.invoice_id,
        "HUD-000003",
    )
    assert (facts.issued_on, facts.due_on) == (date(2013, 2, 12), date(2013, 2, 27))
    assert [(line.kind, line.group, line.amount.minor, line.quantity) for line in correction.lines] == [
        ("usage", "EWR", 333, 1),
        ("usage", "JFK", 506, 5),
    ]
    jfk = correction.lines[1]
    assert jfk.corrects is not None and jfk.starts_on == date(2013, 1, 1)
    assert (jfk.corrects.invoice, jfk.corrects.line, jfk.corrects.before, jfk.corrects.after) == (
        original.issued.number,
        2,
        usd(4344),
        usd(4850),
    )
    assert carried(firm) == firm.rated().total.minor
    assert_books(firm)


def test_less_is_credited_on_the_original_and_what_was_paid_is_refundable() -> None:
    firm = Firm().closed({"JFK": 40})
    firm.pay(firm.original, firm.original.totals.total)
    firm.revise({"JFK": 39})
    (note,) = firm.happened(CreditNoteIssued)
    assert (note.credit_note_number, note.reason) == ("HUD-CN-000001", "late_events")
    assert note.amount == note.carried.totals("USD").total == note.refundable
    assert (note.corrects.invoice, note.corrects.revision) == (firm.original.issued.number, 1)
    assert [(line.amount.minor, line.quantity) for line in note.carried.lines] == [(101, 1)]
    assert firm.original.status == "paid" and answers(firm) == ["credited"]
    assert_books(firm)


def test_what_is_open_is_taken_back_before_what_was_paid() -> None:
    firm = Firm().closed({"JFK": 60})
    total = firm.original.totals.total
    firm.pay(firm.original, total - usd(50))
    firm.revise({"JFK": 59})
    (note,) = firm.happened(CreditNoteIssued)
    assert note.refundable == note.amount - usd(50)
    assert (firm.original.open, firm.original.status) == (usd(0), "paid")
    assert [event.facts.number for event in firm.happened(InvoicePaid)] == [firm.original.issued.number]


def test_a_retraction_credits_the_correction_before_the_original() -> None:
    """Otherwise the customer would be owed money on what they paid, and owe for what was taken back."""
    firm = Firm().closed({"JFK": 50})
    firm.pay(firm.original, firm.original.totals.total)
    firm.revise({"JFK": 58})
    firm.revise({"JFK": 45})
    original, correction = firm.invoices
    assert (correction.status, correction.open) == ("credited", usd(0))
    assert (original.status, original.credited == original.refundable) == ("paid", True)
    first, second = firm.happened(CreditNoteIssued)
    assert {first.credit_note_number, second.credit_note_number} == {"HUD-CN-000001", "HUD-CN-000002"}
    assert carried(firm) == firm.rated().total.minor
    assert_books(firm)


def test_a_minimum_swallows_usage_that_it_had_lifted() -> None:
    """More usage lowers the true-up; where both are taxed alike nothing changes, and no document is written."""
    minimum = replace(AGREED.minimum, tax_rates=AGREED.charges[1].tax_rates)
    firm = Firm(replace(AGREED, minimum=minimum)).closed({"JFK": 1})
    firm.revise({"JFK": 3})
    assert answers(firm) == ["unchanged"] and len(firm.invoices) == 1
    firm.revise({"JFK": 30})
    (_, correction) = firm.invoices
    assert [line.kind for line in correction.lines] == ["usage", "true_up"]
    assert carried(firm) == firm.rated().total.minor


def test_a_draft_is_changed() -> None:
    firm = Firm(replace(AGREED, review_days=3)).closed({"JFK": 20})
    firm.revise({"JFK": 25})
    assert [type(e) for e in firm.happened(InvoiceRecalculated)] == [InvoiceRecalculated]
    assert firm.original.totals == firm.rated() and firm.happened(CorrectionNoted) == []
    assert firm.differences(firm.original) == []


def test_a_draft_without_lines_of_usage_is_verified_with_the_revision_it_was_made_from() -> None:
    firm = Firm(replace(AGREED, review_days=3, minimum=None)).closed({"JFK": 20})
    firm.revise({})
    assert [line.kind for line in firm.original.lines] == ["flat"]
    assert firm.differences(firm.original) == []


def test_a_revision_that_comes_again_does_nothing() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.revise({"JFK": 25})
    told = [list(events) for events in firm.events.values()]
    firm.revise({"JFK": 25}, revision=1)
    assert [list(events) for events in firm.events.values()] == told


def test_what_a_person_gave_back_is_not_given_back_again_and_not_billed_again() -> None:
    firm = Firm().closed({"JFK": 50})
    firm.credit_in_full(firm.original)
    firm.revise({"JFK": 40})
    assert answers(firm) == ["unchanged"]
    firm.revise({"JFK": 50})
    assert answers(firm) == ["unchanged", "unchanged"]
    firm.revise({"JFK": 51})
    assert answers(firm)[-1] == "billed" and firm.invoices[1].totals.subtotal == usd(101)


def test_a_correction_that_was_made_void_stays_so() -> None:
    firm = Firm().closed({"JFK": 50})
    firm.revise({"JFK": 52})
    firm.carry_out([Order(INVOICE, firm.invoices[1].header.invoice_id, VoidInvoice(reason="agreed by phone"))])
    firm.revise({"JFK": 49})
    (note,) = firm.happened(CreditNoteIssued)
    assert note.facts.number == firm.original.issued.number and note.carried.lines[0].amount == usd(101)


def test_late_usage_is_ignored_after_the_days_that_were_agreed() -> None:
    firm = Firm(replace(AGREED, late_usage="ignore_after", late_usage_days=10)).closed({"JFK": 50})
    firm.now = at(2, 11)
    firm.revise({"JFK": 51})
    firm.now = at(2, 12)
    firm.revise({"JFK": 60})
    billed, ignored = firm.happened(CorrectionNoted)
    assert (billed.status, ignored.status, answers(firm)) == ("open", "ignored", ["billed"])
    assert (ignored.delta, ignored.policy) == (usd(910), "ignore_after 10 days")
    assert_books(firm)


@pytest.mark.parametrize(
    ("policy", "days", "on", "again", "expected"),
    [
        ("correct", None, 28, True, "correct"),
        ("next_invoice", None, 28, True, "next_invoice"),
        ("next_invoice", None, 28, False, "correct"),
        ("ignore_after", 10, 11, True, "correct"),
        ("ignore_after", 10, 12, True, "ignore"),
        ("ignore_after", 0, 1, True, "correct"),
    ],
)
def test_the_policy_says_what_is_done(policy, days, on, again, expected) -> None:  # type: ignore[no-untyped-def]
    assert treatment(policy, days, date(2013, 2, 1), date(2013, 2, on), is_billed_after=again) == expected
    assert policy_text(policy, days) == (policy if days is None else f"{policy} {days} days")


def next_invoice() -> Firm:
    return Firm(replace(AGREED, minimum=None, late_usage="next_invoice")).closed({"JFK": 20})


def test_the_next_invoice_has_a_line_of_the_original_period() -> None:
    firm = next_invoice()
    firm.revise({"JFK": 25})
    firm.revise({"JFK": 24})
    assert len(firm.invoices) == 1 and answers(firm) == []
    firm.bill(at(3))
    march = firm.invoices[1]
    corrections = [line for line in march.lines if line.corrects]
    assert [(line.amount.minor, line.starts_on) for line in corrections] == [
        (506, date(2013, 1, 1)),
        (-102, date(2013, 1, 1)),
    ]
    assert answers(firm) == ["billed", "credited"]
    document = firm.happened(CorrectionAnswered)[0].documents[0]
    assert (document.kind, document.number) == ("line", march.issued.number)
    assert_books(firm)


def test_an_invoice_that_would_go_below_zero_is_spared_by_a_credit_note() -> None:
    firm = next_invoice()
    firm.revise({})
    firm.bill(at(3))
    march = firm.invoices[1]
    assert [line.kind for line in march.lines] == ["flat"]
    (note,) = firm.happened(CreditNoteIssued)
    assert note.facts.number == firm.original.issued.number and note.carried.lines[0].amount == usd(4344)
    assert_books(firm)


def test_where_no_invoice_follows_it_is_corrected_at_once() -> None:
    firm = next_invoice()
    for month in range(3, 13):
        firm.bill(at(month))
    firm.now = at(12, 31).replace(year=2013)
    firm.bill(at(1).replace(year=2014))
    firm.revise({"JFK": 25})
    assert answers(firm) == ["billed"] and firm.invoices[-1].issued.kind == "correction"


def test_a_line_on_a_later_invoice_is_taken_back_there() -> None:
    firm = next_invoice()
    firm.revise({"JFK": 25})
    firm.bill(at(3))
    firm.revise({"JFK": 24})
    firm.bill(at(4))
    assert sum(line.amount.minor for i in firm.invoices for line in i.lines if line.corrects) == 404
    assert firm.original.carried().totals("USD").subtotal == firm.rated().subtotal
    assert_books(firm)


def test_what_was_noted_before_there_were_answers_is_answered_with_the_next_one() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.note_as_before({"JFK": 25})
    firm.revise({"JFK": 26})
    (answer,) = firm.happened(CorrectionAnswered)
    assert [len(answer.correction_ids), answer.answer, firm.original.unanswered] == [2, "billed", ()]
    assert carried(firm) == firm.rated().total.minor
    assert_books(firm)
