"""Invoices as `InvoiceOut` describes them, straight from what is stored: a page of them is long, and read often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from services.billing.api.invoices.credit_forms import credit_out
from services.billing.api.invoices.line_documents import id_text, of_line
from services.billing.api.invoices.stored_invoices import StoredInvoice, StoredLine, StoredNote, decoded
from services.billing.domain.tax_status import TaxStatus
from shared.http.ready import Document
from shared.ids import shown

Row = RowMapping | Mapping[str, Any]


def invoice_document(row: Row) -> Document:
    """Of a row whose `document` is what was stored, or better its text."""
    stored = row["document"]
    if isinstance(stored, str):
        return _shown_of(row, decoded(stored))
    return _shown_of(row, msgspec.convert(stored, StoredInvoice))


def _shown_of(row: Row, stored: StoredInvoice) -> Document:
    notes = stored.credit_notes or [note for note in [stored.credit_note] if note]
    told = [*_credit_notes(stored.taxes, notes)]
    restored = [each for note in notes for each in note.restored]
    credit = credit_out(stored.credit, restored, row["status"])
    return {
        **_head(row, stored),
        **_totals(row, stored, told),
        "credit": [each.model_dump(mode="json") for each in credit],
        "payment_plan_id": row["payment_plan_id"] and shown("ppl", row["payment_plan_id"]),
        "held": _held(stored.held),
        "losses": [{name: loss[name] for name in _LOSS} for loss in stored.losses],
        "lines": [of_line(line) for line in stored.lines],
        "edits": [{name: edit[name] for name in _EDIT} for edit in stored.edits],
        "credit_note": told[-1] if told else None,
        "credit_notes": told,
        "version": row["version"],
    }


def _head(row: Row, stored: StoredInvoice) -> Document:
    return {
        "invoice_id": shown("inv", row["invoice_id"]),
        "kind": stored.kind,
        "corrects": _corrects(stored.corrects),
        "number": row["number"],
        "status": row["status"],
        "customer_id": shown("cus", row["customer_id"]),
        "customer": row["customer_key"],
        "subscription_id": row["subscription_id"] and shown("sub", row["subscription_id"]),
        "subscriptions": [_subscription(each, stored.lines) for each in stored.subscriptions],
        "legal_entity": stored.legal_entity,
        "purchase_order": stored.purchase_order,
        "currency": row["currency"],
        "issued_on": row["issued_on"],
        "due_on": row["due_on"],
    }


def _totals(row: Row, stored: StoredInvoice, credit_notes: Sequence[Document]) -> Document:
    refundable = sum(note["refundable_minor"] for note in credit_notes)
    return {
        "subtotal_minor": row["subtotal_minor"],
        "taxes": stored.taxes,
        "tax_minor": row["tax_minor"],
        "untaxed": _untaxed(stored.tax),
        "total_minor": row["total_minor"],
        "open_minor": row["open_minor"],
        "credited_minor": sum(note["amount_minor"] for note in credit_notes),
        "refundable_minor": refundable - stored.given_back_minor,
        "written_off_minor": row["written_off_minor"],
    }


def _subscription(each: Row, lines: Iterable[StoredLine]) -> Document:
    id_ = each["subscription_id"]
    return {
        "subscription_id": id_text("sub", id_),
        "purchase_order": each["purchase_order"],
        "subtotal_minor": sum(line.amount["minor"] for line in lines if line.subscription_id == id_),
    }


def _credit_notes(taxes: Mapping[str, int], notes: Iterable[StoredNote]) -> Iterator[Document]:
    """A note over the rest of the invoice takes back the tax that the notes before it left, by rate."""
    left = dict(taxes)
    for note in notes:
        if not note.lines and not note.taxes:
            note.taxes = {rate: minor for rate, minor in left.items() if minor}
        for rate, minor in note.taxes.items():
            left[rate] = left.get(rate, 0) - minor
        yield _credit_note(note)


def _credit_note(note: StoredNote) -> Document:
    return {
        "number": note.number,
        "issued_on": note.issued_on,
        "amount_minor": note.amount_minor,
        "tax_minor": note.tax_minor,
        "refundable_minor": note.refundable_minor,
        "forgiven_minor": note.forgiven_minor,
        "restored_minor": sum(each["amount_minor"] for each in note.restored),
        "reason": note.reason,
        "taxes": note.taxes,
        "lines": [of_line(line) for line in note.lines],
        "corrects": _corrects(note.corrects),
    }


def _corrects(stored: Row | None) -> Document | None:
    if stored is None:
        return None
    return {
        "correction_id": id_text("cor", stored["correction_id"]),
        "invoice_id": id_text("inv", stored["invoice_id"]),
        "invoice": stored["invoice"],
        "period_id": id_text("per", stored["period_id"]),
        "revision": stored["revision"],
        "cause": stored["cause"],
    }


def _untaxed(stored: Row | None) -> Document | None:
    if not stored:
        return None
    status = TaxStatus(treatment=stored["treatment"], reference=stored["reference"])
    return {"treatment": status.treatment, "reference": status.reference, "note": status.note}


def _held(stored: Row | None) -> Document | None:
    if not stored:
        return None
    why = "the total is above the bound for invoices"
    return {"reason": why, "total_minor": stored["total_minor"], "bound_minor": stored["bound_minor"]}


_EDIT = ("edit", "command", "charge", "description", "amount_minor", "reason", "by", "at")
_LOSS = ("kind", "on", "amount_minor", "reason")
