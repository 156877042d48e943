"""Invoices are shown as stored, and what is shown is what `InvoiceOut` describes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.api.amounts import plain
from services.billing.api.invoices.invoice_documents import invoice_document
from services.billing.api.invoices.invoice_forms import InvoiceOut, LineOut
from services.billing.api.invoices.line_documents import line_document
from services.billing.domain.invoice_line import CorrectedLine, InvoiceLine, UsageProof
from services.billing.domain.pricing.rated import CreditUse, TierUse
from shared.money import Money

ID = UUID("0190a0b0-0000-7000-8000-00000000000a")
DAY = date(2026, 2, 1)
LINE = InvoiceLine(
    number=1,
    kind="usage",
    charge="calls",
    description="Calls — März",
    group="eu",
    quantity=Decimal("1E+3"),
    amount=Money(3750, "EUR"),
    residue=Decimal("0E-12"),
    tiers=(
        TierUse(Decimal(0), Decimal("1E+2"), Decimal("1E+2"), Decimal("0.0375"), Decimal(0), Decimal("3.75")),
        TierUse(Decimal("1E+2"), None, Decimal(900), Decimal("-0"), Decimal(1), Decimal("-1E-7")),
    ),
    tax_rates=("0.19",),
    revenue_class="usage",
    starts_on=DAY,
    ends_on=date(2026, 3, 1),
    plan="metered",
    plan_version=2,
    term_number=1,
    quote_id=ID,
    proof=UsageProof(period_id=ID, revision=1, count=7, digest="aa"),
    corrects=CorrectedLine(
        correction_id=ID,
        invoice_id=ID,
        invoice="A-1",
        line=None,
        before=Money(1, "EUR"),
        after=Money(-2, "EUR"),
        quantity_before=Decimal("-5E+1"),
        quantity_after=Decimal("0.50"),
    ),
    credits=CreditUse(code="tokens", quantity=Decimal("2E+1"), unit_amount=Decimal("0.01")),
    amendment=3,
)
FLAT: dict[str, Any] = {
    name: value
    for name, value in msgspec.to_builtins(LINE).items()
    if name not in ("corrects", "discounts", "credits", "amendment")  # as it was stored before there were any
} | {"proof": None, "tiers": []}
TIER = ("from_quantity", "up_to", "quantity", "unit_amount", "flat_amount", "amount")
CORRECTS = {"correction_id": ID, "invoice_id": ID, "invoice": "A-1", "period_id": ID, "revision": 2, "cause": "late"}
NOTE = {
    "number": "CN-1",
    "issued_on": "2026-03-01",
    "amount_minor": 100,
    "tax_minor": 19,
    "refundable_minor": 30,
    "forgiven_minor": 5,
    "reason": "late usage",
    "taxes": {"0.19": 19},
    "lines": [msgspec.to_builtins(LINE)],
    "corrects": msgspec.to_builtins(CORRECTS),
}
FIRST_NOTE = {k: v for k, v in NOTE.items() if k not in ("forgiven_minor", "taxes", "lines", "corrects")}
STORED = {
    "legal_entity": "Hudson",
    "purchase_order": None,
    "taxes": {"0.19": 712},
    "lines": [msgspec.to_builtins(LINE), FLAT],
    "credit_note": None,
}
MORE: list[dict[str, Any]] = [
    {},
    {"credit_note": FIRST_NOTE},
    {"credit_notes": [FIRST_NOTE, NOTE], "credit_note": NOTE, "given_back_minor": 7},
    {"kind": "correction", "corrects": msgspec.to_builtins(CORRECTS), "purchase_order": "PO 7"},
    {"held": {"total_minor": 10, "bound_minor": 5}},
    {"losses": [{"kind": "recovery", "on": "2026-03-02", "amount_minor": 3, "reason": ""}]},
    {"tax": {"treatment": "reverse_charge", "reference": "DE 1"}},
]


@pytest.mark.parametrize("more", MORE)
def test_an_invoice_is_shown_as_it_is_described(more: dict[str, Any]) -> None:
    text = msgspec.json.encode(STORED | more).decode()
    shown = msgspec.json.encode(invoice_document(row_of(text)))
    assert shown.decode() == InvoiceOut.model_validate_json(shown).model_dump_json()
    assert msgspec.json.encode(invoice_document(row_of(msgspec.json.decode(text)))) == shown


def test_plain_tiers_are_shown_as_they_are_stored() -> None:
    plain_line = FLAT | {"quantity": "1", "residue": "0", "tiers": [dict.fromkeys(TIER, "2.50")]}
    document = STORED | {"lines": [plain_line]}
    text = msgspec.json.encode(document).decode()
    shown = [msgspec.json.encode(invoice_document(row_of(each))) for each in (text, msgspec.to_builtins(document))]
    assert shown[0] == shown[1] == InvoiceOut.model_validate_json(shown[0]).model_dump_json().encode()


def test_what_credit_notes_took_back_is_summed_up() -> None:
    shown = invoice_document(row_of(msgspec.to_builtins(STORED | MORE[2])))
    assert (shown["credited_minor"], shown["refundable_minor"]) == (200, 30 + 30 - 7)
    assert shown["credit_note"] == shown["credit_notes"][1]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_decimals_are_shown_without_exponents(quantity: Decimal) -> None:
    stored = msgspec.to_builtins(LINE) | {"quantity": str(quantity), "residue": str(quantity)}
    shown = line_document(stored)
    assert shown["quantity"] == shown["residue"] == plain(quantity)
    assert LineOut.model_validate(shown).quantity == quantity


def row_of(document: dict[str, Any] | str) -> dict[str, Any]:
    return {
        "invoice_id": ID,
        "customer_id": ID,
        "customer_key": "hudson",
        "subscription_id": ID,
        "number": None,
        "status": "draft",
        "currency": "EUR",
        "issued_on": None,
        "due_on": DAY,
        "subtotal_minor": 3750,
        "tax_minor": 712,
        "total_minor": 4462,
        "open_minor": 4462,
        "written_off_minor": 0,
        "payment_plan_id": None,
        "version": 4,
        "document": document,
    }
