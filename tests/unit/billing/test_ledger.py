"""Double entry: what invoices, payments and what takes them back come to in accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import VoidInvoice
from services.billing.domain.ledger.posting import Entry
from services.billing.domain.ledger.rules import RULES, WITHOUT_MONEY
from services.billing.store import create_store
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.firm import AGREED, Firm, at
from tests.unit.billing.ledger_books import balances, of_firm

NAMES = {kind: name for decider in create_store().deciders.values() for name, kind in decider.event_types.items()}


def test_every_event_of_billing_has_a_rule_or_is_listed_as_one_without_money() -> None:
    assert {RULES[kind].event for kind in RULES} == {NAMES[kind] for kind in RULES}
    assert {NAMES[kind] for kind in RULES}.isdisjoint(WITHOUT_MONEY)
    assert set(NAMES.values()) == {NAMES[kind] for kind in RULES} | WITHOUT_MONEY


def test_an_invoice_is_owed_and_is_revenue_of_each_line_and_tax_of_each_rate() -> None:
    firm = Firm().closed({"JFK": 20, "EWR": 1})
    [entry] = [e for e in of_firm(firm) if e.kind == "invoice" and e.subject.document == firm.original.issued.number]
    said = [(p.account, p.amount.minor, p.line, p.revenue_class, p.tax_rate) for p in entry.postings]
    totals, lines = firm.original.totals, firm.original.lines
    assert said == [
        ("receivables", totals.total.minor, None, None, None),
        ("deferred_revenue", -lines[0].amount.minor, 1, "new", None),
        *(("revenue", -line.amount.minor, line.number, "new", None) for line in lines[1:]),
        *(("tax_payable", -tax.minor, None, None, rate) for rate, tax in sorted(totals.taxes.items())),
    ]
    assert entry.effective_on == date(2013, 2, 1)


def test_a_payment_moves_what_was_owed_to_cash_on_the_customers_day() -> None:
    firm = Firm().closed({"JFK": 20})
    firm.now = datetime(2013, 2, 20, 4, 59, tzinfo=UTC)  # still the 19th in New York
    firm.pay(firm.original, Money(100, "USD"))
    [entry] = [e for e in of_firm(firm) if e.kind == "payment"]
    assert [(p.account, p.amount.minor) for p in entry.postings] == [("cash", 100), ("receivables", -100)]
    assert entry.effective_on == date(2013, 2, 19)


def test_what_is_credited_in_full_leaves_nothing_but_what_was_paid() -> None:
    firm = Firm().closed({"JFK": 40})
    firm.pay(firm.original, Money(1000, "USD"))
    firm.credit_in_full(firm.original)
    alone = [e for e in of_firm(firm) if e.subject.invoice_id == firm.original.header.invoice_id]
    assert balances(alone) == {"cash": 1000, "customer_credit": -1000}


def test_what_was_credited_before_is_not_taken_back_again() -> None:
    firm = Firm().closed({"JFK": 60})
    firm.revise({"JFK": 50})
    firm.revise({"JFK": 45})
    firm.credit_in_full(firm.original)
    alone = [e for e in of_firm(firm) if e.subject.invoice_id == firm.original.header.invoice_id]
    assert len([e for e in alone if e.kind == "credit_note"]) == 3
    assert balances(alone) == {}


def test_a_void_invoice_leaves_nothing_on_any_account() -> None:
    firm = Firm().closed({"JFK": 40})
    firm.carry_out([Order(INVOICE, firm.original.header.invoice_id, VoidInvoice(reason="wrong customer"))])
    alone = [e for e in of_firm(firm) if e.subject.invoice_id == firm.original.header.invoice_id]
    assert {e.kind for e in alone} == {"invoice", "recognition", "void"}
    assert balances(alone) == {}


def test_an_invoice_of_nothing_has_no_entry() -> None:
    firm = Firm(replace(AGREED, discount_percent=AGREED.discount_percent.__class__(100), minimum=None))
    assert of_firm(firm) == []


steps = some.lists(
    some.one_of(
        some.tuples(some.just("revise"), some.integers(0, 90)),
        some.tuples(some.just("pay"), some.integers(1, 3000)),
        some.tuples(some.just("credit"), some.just(0)),
        some.tuples(some.just("void"), some.just(0)),
        some.tuples(some.just("write_off"), some.just(0)),
    ),
    max_size=6,
)


@given(some.integers(0, 60), steps)
def test_whatever_happens_debits_equal_credits_and_receivables_are_what_is_open(
    departures: int, story: list[tuple[str, int]]
) -> None:
    firm = Firm().closed({"JFK": departures})
    for number, (what, amount) in enumerate(story):
        firm.now = at(2, 2 + number)
        _happen(firm, what, amount)
    found = of_firm(firm)
    assert all(entry.is_balanced for entry in found)
    assert balances(found)["receivables"] == sum(_open(firm).values())
    lost = sum(invoice.written_off.minor for invoice in _all(firm))
    assert balances(found)["write_off"] + balances(found)["recovery"] == lost
    assert _owed_back(found) == sum(invoice.refundable.minor for invoice in _all(firm))


def _happen(firm: Firm, what: str, amount: int) -> None:
    original = firm.original
    match what:
        case "revise":
            firm.revise({"JFK": amount})
        case "pay" if original.status in ("issued", "written_off") and original.payable.minor:
            firm.pay(original, min(Money(amount, "USD"), original.payable))
        case "write_off" if original.status == "issued" and original.open.minor:
            firm.write_off(original)
        case "credit" if original.status in ("issued", "paid", "written_off"):
            firm.credit_in_full(original)
        case "void" if original.status == "issued" and original.open == original.totals.total:
            firm.carry_out([Order(INVOICE, original.header.invoice_id, VoidInvoice(reason="a mistake"))])


def _all(firm: Firm) -> list[object]:
    return [firm.state(INVOICE, id_) for category, id_ in firm.events if category == "invoice"]


def _open(firm: Firm) -> dict[str, int]:
    issued = [i for i in _all(firm) if i.facts is not None]
    return {i.facts.number: i.open.minor for i in issued if i.status != "voided"}


def _owed_back(found: list[Entry]) -> int:
    return -balances(found)["customer_credit"]


@pytest.mark.parametrize("day", [date(2013, 2, 1), date(2013, 2, 28), date(2013, 12, 31)])
def test_debits_equal_credits_at_every_instant(day: date) -> None:
    firm = Firm().closed({"JFK": 40})
    firm.pay(firm.original, Money(1000, "USD"))
    firm.revise({"JFK": 39})
    assert sum(balances(of_firm(firm), until=day).values()) == 0
