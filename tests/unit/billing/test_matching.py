"""Who paid: each rule by an example, and what none of them may ever do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.bank_entry import (
    BANK_ENTRY,
    BankEntry,
    EntryDiffers,
    ImportEntry,
    Match,
    MatchEntry,
    SetEntryAside,
    entry_id,
)
from services.billing.domain.payment.allocation import OpenInvoice
from services.billing.domain.payment.matching import CERTAIN_ENOUGH, OpenBook, Payer, find
from shared.decider import NotAllowedNow
from shared.money import Money

ACME, BETA = Payer(UUID(int=1), "acme"), Payer(UUID(int=2), "beta")
IBANS = {"DE01": [ACME], "DE02": [BETA], "DE99": [ACME, BETA]}
ENTRY = BankEntry(
    statement="2031-1",
    account="NL91",
    reference="1",
    bank_reference=None,
    amount=Money(100, "EUR"),
    is_incoming=True,
    is_reversal=False,
    booked_on=date(2031, 1, 2),
    valued_on=date(2031, 1, 2),
    payer="",
    payer_account="",
    text="",
    end_to_end="",
)


def owed(number: int, minor: int, payer: Payer = ACME, currency: str = "EUR") -> OpenInvoice:
    return OpenInvoice(
        invoice_id=UUID(int=number),
        number=f"INV-{number:06d}",
        customer_id=payer.customer_id,
        customer_key=payer.key,
        due_on=date(2031, 1, 1),
        open=Money(minor, currency),
    )


def book(*invoices: OpenInvoice) -> OpenBook:
    return OpenBook(
        invoices=invoices,
        owners_of=lambda account: IBANS.get(account, []),
        named_in=lambda text: [payer for payer in (ACME, BETA) if payer.key in text.split()],
    )


BOOK = (owed(1, 100), owed(2, 250), owed(3, 100, BETA), owed(12, 70, BETA), owed(4, 90, ACME, "USD"))


@pytest.mark.parametrize(
    ("text", "account", "minor", "rule", "invoices"),
    [
        ("pays INV-000001", "", 100, "invoice_and_amount", ["INV-000001"]),
        ("inv 1 and INV000002, thanks", "", 350, "invoice_and_amount", ["INV-000001", "INV-000002"]),
        ("INV-000002", "DE01", 30, "invoice_and_payer", ["INV-000002"]),
        ("INV-000002", "", 30, "invoice", ["INV-000002"]),
        ("INV-000002", "DE02", 250, "invoice_of_another_payer", ["INV-000002"]),
        ("INV-000012", "", 70, "invoice_and_amount", ["INV-000012"]),
        ("", "DE01", 250, "payer_and_amount", ["INV-000002"]),
        ("", "DE01", 350, "payer_and_amount", ["INV-000001", "INV-000002"]),
        ("", "DE01", 120, "payer", ["INV-000001", "INV-000002"]),
        ("for acme", "", 250, "customer_and_amount", ["INV-000002"]),
        ("for acme", "", 7, "customer", ["INV-000001"]),
        ("no words", "", 250, "amount", ["INV-000002"]),
        ("no words", "DE77", 250, "amount", ["INV-000002"]),
    ],
)
def test_each_rule_finds_what_it_says(text: str, account: str, minor: int, rule: str, invoices: list[str]) -> None:
    found = find(replace(ENTRY, text=text, payer_account=account, amount=Money(minor, "EUR")), book(*BOOK))
    assert found is not None
    assert (found.match.rule, list(found.match.invoices)) == (rule, invoices)
    by_person = rule in ("invoice_of_another_payer", "customer", "amount")
    assert (found.match.confidence < CERTAIN_ENOUGH) == by_person


@pytest.mark.parametrize(
    ("text", "account", "minor"),
    [
        ("INV-000001 and INV-000003", "", 200),  # of two customers
        ("", "DE99", 100),  # an account that two customers share
        ("", "", 100),  # two invoices of this amount
        ("INV-0000011", "", 1),  # another number that has this one in it
        ("XINV-000001", "", 1),
        ("acme beta", "", 1),
        ("", "", 12345),
    ],
)
def test_what_is_ambiguous_or_unknown_waits_for_a_person(text: str, account: str, minor: int) -> None:
    entry = replace(ENTRY, text=text, payer_account=account, amount=Money(minor, "EUR"))
    assert find(entry, book(*BOOK)) is None


def test_an_invoice_of_another_currency_is_not_meant() -> None:
    assert find(replace(ENTRY, text="INV-000004"), book(owed(4, 100, ACME, "USD"))) is None


def test_what_one_entry_paid_is_not_open_for_the_next() -> None:
    open_book = book(owed(1, 100))
    entry = replace(ENTRY, text="INV-000001", amount=Money(60, "EUR"))
    first = find(entry, open_book)
    assert first is not None
    open_book.take(first.shares)
    second = find(entry, open_book)
    assert second is not None and [share.amount.minor for share in second.shares] == [40]
    open_book.take(second.shares)
    assert find(entry, open_book) is None


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(1, 500), st.sampled_from([ACME, BETA])), unique_by=lambda i: i[0]
    ),
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 900), st.sampled_from(["", *IBANS])), max_size=12),
)
def test_entries_never_pay_more_than_they_have_or_than_is_owed(
    invoices: list[tuple[int, int, Payer]], entries: list[tuple[int, int, str]]
) -> None:
    open_book = book(*(owed(*invoice) for invoice in invoices))
    paid: dict[UUID, int] = {}
    for number, minor, account in entries:
        entry = replace(ENTRY, text=f"INV-{number}", amount=Money(minor, "EUR"), payer_account=account)
        found = find(entry, open_book)
        if found is None:
            continue
        assert sum(share.amount.minor for share in found.shares) <= minor
        for share in found.shares:
            paid[share.invoice_id] = paid.get(share.invoice_id, 0) + share.amount.minor
        open_book.take(found.shares)
    assert all(paid.get(UUID(int=number), 0) <= minor for number, minor, _ in invoices)


MATCH = Match(rule="person", confidence=100, customer_id=ACME.customer_id, customer_key="acme")


def test_an_entry_is_imported_once_and_matched_or_set_aside_once() -> None:
    [imported] = BANK_ENTRY.decide(None, ImportEntry(entry=ENTRY))
    known = BANK_ENTRY.replay([imported])
    assert BANK_ENTRY.decide(known, ImportEntry(entry=replace(ENTRY, text="in other words"))) == []
    with pytest.raises(EntryDiffers):
        BANK_ENTRY.decide(known, ImportEntry(entry=replace(ENTRY, amount=Money(101, "EUR"))))
    command = MatchEntry(match=MATCH, payment_id=UUID(int=9))
    matched = BANK_ENTRY.replay([imported, *BANK_ENTRY.decide(known, command)])
    for later in (command, SetEntryAside(reason="a gift")):
        with pytest.raises(NotAllowedNow):
            BANK_ENTRY.decide(matched, later)


@pytest.mark.parametrize("entry", [replace(ENTRY, is_incoming=False), replace(ENTRY, is_reversal=True)])
def test_what_went_out_or_was_taken_back_is_never_a_payment(entry: BankEntry) -> None:
    [imported] = BANK_ENTRY.decide(None, ImportEntry(entry=entry))
    assert imported.status == ("unmatched" if entry.is_reversal else "outgoing")
    with pytest.raises(NotAllowedNow):
        BANK_ENTRY.decide(BANK_ENTRY.replay([imported]), MatchEntry(match=MATCH, payment_id=UUID(int=9)))


def test_an_entry_has_the_banks_own_name_where_there_is_one() -> None:
    tenant = UUID(int=3)
    named = replace(ENTRY, bank_reference="B-1")
    assert entry_id(tenant, named) == entry_id(tenant, replace(named, statement="2031-2", reference="7"))
    assert entry_id(tenant, ENTRY) != entry_id(tenant, replace(ENTRY, statement="2031-2"))
    assert entry_id(tenant, ENTRY) != entry_id(UUID(int=4), ENTRY)
