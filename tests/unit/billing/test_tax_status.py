"""Who is exempt, or owes the tax themselves, is charged the same net and no tax, by every document of an invoice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.billing.domain.tax_status import TaxStatus, TaxTreatment
from tests.unit.billing.firm import Firm
from tests.unit.billing.firm_books import assert_books, usd
from tests.unit.billing.ledger_books import balances, of_firm

EXEMPT = TaxStatus(treatment="exempt", reference="ST-5 4711")
REVERSED = TaxStatus(treatment="reverse_charge", reference="ATU12345678")


@pytest.mark.parametrize(
    ("status", "note"),
    [
        (EXEMPT, "Exempt from tax by certificate ST-5 4711."),
        (REVERSED, "Reverse charge: the tax is owed by the customer, tax id ATU12345678."),
    ],
)
def test_the_invoice_says_why_it_has_no_tax(status: TaxStatus, note: str) -> None:
    assert status.note == note


def test_the_net_is_the_same_and_nothing_is_payable_to_a_tax_office() -> None:
    taxed, exempt = Firm().closed({"JFK": 40}), Firm(tax=EXEMPT).closed({"JFK": 40})
    assert taxed.original.totals.tax.minor > 0
    assert exempt.original.totals.subtotal == exempt.original.totals.total == taxed.original.totals.subtotal
    assert (exempt.original.totals.taxes, exempt.original.header.bill.tax) == ({}, EXEMPT)
    assert "tax_payable" not in balances(of_firm(exempt))


def test_a_correction_is_taxed_as_its_invoice_was_whatever_the_status_is_by_now() -> None:
    for before, after in ((EXEMPT, None), (None, EXEMPT)):
        firm = Firm(tax=before).closed({"JFK": 40})
        firm.tax = after
        firm.revise({"JFK": 90})
        correction = firm.invoices[-1]
        assert correction.header.corrects is not None
        assert correction.header.bill.tax == before
        assert bool(correction.totals.tax.minor) == (before is None)
        assert_books(firm)


TREATMENTS: Any = some.sampled_from(["exempt", "reverse_charge"])


@given(TREATMENTS, some.integers(0, 60), some.lists(some.integers(0, 90), max_size=4))
@settings(max_examples=40, deadline=None)
def test_no_document_has_tax_and_all_follow_from_the_log(
    treatment: TaxTreatment, departures: int, revisions: list[int]
) -> None:
    firm = Firm(tax=TaxStatus(treatment=treatment, reference="1")).closed({"JFK": departures})
    for number in revisions:
        firm.revise({"JFK": number})
    assert_books(firm)
    assert {invoice.totals.tax for invoice in firm.invoices} == {usd(0)}
    assert {invoice.credited_tax for invoice in firm.invoices} == {usd(0)}
    assert sum(balances(of_firm(firm)).values()) == 0
