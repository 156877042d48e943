"""Any revisions in any order, whatever happens between them: documents add up to what the latest usage is worth."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import VoidInvoice
from services.billing.domain.invoice.events import CreditNoteIssued
from shared.orders import Order
from tests.unit.billing.firm import AGREED, Firm, at
from tests.unit.billing.firm_books import assert_books, carried, usd

USAGE = st.dictionaries(st.sampled_from(("EWR", "JFK", "LGA")), st.integers(0, 60), max_size=3)


@settings(max_examples=150)
@given(st.sampled_from((None, 4000, 15000)), USAGE, st.lists(st.tuples(USAGE, st.integers(0, 3)), max_size=6))
def test_original_and_corrections_are_worth_the_latest_usage_to_the_minor_unit(minimum, first, revisions) -> None:  # type: ignore[no-untyped-def]
    line = replace(AGREED, minimum=minimum and replace(AGREED.minimum, amount=usd(minimum)))
    firm = Firm(line).closed(first)
    for departures, paid in revisions:
        for invoice in firm.invoices[:paid]:
            if invoice.status == "issued" and invoice.open.minor:
                firm.pay(invoice, usd(max(1, invoice.open.minor // paid)))
        firm.revise(departures)
        rated = firm.rated()
        assert carried(firm) == rated.total.minor
        together = firm.original.carried().totals("USD")
        assert (together.total, together.tax) == (rated.total, rated.tax)
        assert {r: t for r, t in together.taxes.items() if t.minor} == {r: t for r, t in rated.taxes.items() if t.minor}
    assert_books(firm)


@settings(max_examples=100)
@given(USAGE, st.lists(st.tuples(USAGE, st.sampled_from(("pay", "credit", "void", "nothing"))), max_size=6))
def test_whatever_a_person_does_meanwhile_nothing_is_credited_twice(first, days) -> None:  # type: ignore[no-untyped-def]
    firm = Firm().closed(first)
    for departures, act in days:
        latest = firm.invoices[-1]
        if act == "pay" and latest.status == "issued":
            firm.pay(latest, latest.open)
        elif act == "credit" and latest.status in ("issued", "paid"):
            firm.credit_in_full(latest)
        elif act == "void" and latest.status == "issued" and not (latest.paid.minor or latest.credited.minor):
            firm.carry_out([Order(INVOICE, latest.header.invoice_id, VoidInvoice(reason="asked"))])
        firm.revise(departures)
        assert_books(firm)


@settings(max_examples=100)
@given(USAGE, st.lists(st.tuples(USAGE, st.booleans()), max_size=8))
def test_next_invoices_and_what_they_could_not_take_are_worth_the_latest_usage(first, days) -> None:  # type: ignore[no-untyped-def]
    firm, months = Firm(replace(AGREED, late_usage="next_invoice")).closed(first), iter(range(3, 13))
    for departures, is_billed in days:
        firm.revise(departures)
        if is_billed:
            firm.bill(at(next(months)))
    firm.bill(at(next(months)))
    assert all(invoice.totals.total >= usd(0) for invoice in firm.invoices)
    assert firm.original.deferred == {}
    assert firm.original.carried().totals("USD").subtotal == firm.rated().subtotal
    lines = sum(line.amount.minor for i in firm.invoices for line in i.lines if line.corrects)
    noted = sum(line.amount.minor for note in firm.happened(CreditNoteIssued) for line in note.carried.lines)
    assert lines - noted == (firm.rated().subtotal - firm.original.totals.subtotal).minor
    assert_books(firm)
