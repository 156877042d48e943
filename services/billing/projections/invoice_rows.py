"""What each event makes of the row of an invoice: the columns, and the document that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Text, bindparam, case, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.billing.domain.invoice.events import (
    CreditNoteIssued,
    Header,
    InvoiceDiscarded,
    InvoiceDrafted,
    InvoiceHeld,
    InvoiceIssued,
    InvoicePaid,
    InvoiceRecalculated,
    InvoiceRecovered,
    InvoiceReleased,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentAllocated,
    PaymentReturned,
    Totals,
)
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.tables import invoices
from shared.event_store import Recorded
from shared.money import Money
from shared.statements import Insertion

DRAFTED = Insertion(
    "invoices",
    {
        "tenant_id": "uuid",
        "invoice_id": "uuid",
        "customer_id": "uuid",
        "customer_key": "text",
        "subscription_id": "uuid",
        "number": "text",
        "status": "text",
        "currency": "text",
        "issued_on": "date",
        "due_on": "date",
        "subtotal_minor": "bigint",
        "tax_minor": "bigint",
        "total_minor": "bigint",
        "open_minor": "bigint",
        "written_off_minor": "bigint",
        "version": "int",
        "document": "jsonb",
    },
    "ON CONFLICT (tenant_id, invoice_id) DO NOTHING",
)


def row(entry: Recorded, event: InvoiceDrafted) -> dict[str, Any]:
    header = event.header
    return {
        "tenant_id": entry.tenant_id,
        "invoice_id": entry.stream_id,
        "customer_id": header.party.customer_id,
        "customer_key": header.party.key,
        "subscription_id": header.subscription_id,
        "number": None,
        "status": "draft",
        "issued_on": None,
        "due_on": None,
        "currency": header.party.currency,
        "version": entry.version,
        "document": _document(header, event.lines, event.totals),
        **_amounts(event.totals),
    }


def _document(header: Header, lines: Sequence[InvoiceLine], totals: Totals) -> dict[str, Any]:
    return {
        "legal_entity": header.legal_entity,
        "party": msgspec.to_builtins(header.party),
        "billing_on": header.bill.billing_on.isoformat(),
        "taxes": {rate: amount.minor for rate, amount in totals.taxes.items()},
        "lines": msgspec.to_builtins(list(lines)),
        "kind": "correction" if header.corrects else "regular",
        "corrects": msgspec.to_builtins(header.corrects),
        "purchase_order": header.purchase_order,
        "credit_note": None,
        "credit_notes": [],
        "losses": [],
        "tax": msgspec.to_builtins(header.bill.tax),
    }


def _amounts(totals: Totals) -> dict[str, int]:
    return {
        "subtotal_minor": totals.subtotal.minor,
        "tax_minor": totals.tax.minor,
        "total_minor": totals.total.minor,
        "open_minor": totals.total.minor,
        "written_off_minor": 0,
    }


def facts(event: InvoiceIssued | InvoicePaid) -> dict[str, Any]:
    """As plain values, for a row that is not written yet."""
    if isinstance(event, InvoicePaid):
        return {"status": "paid"}
    told = event.facts
    return {"status": "issued", "number": told.number, "issued_on": told.issued_on, "due_on": told.due_on}


def changes(event: object) -> dict[str, Any]:
    match event:
        case InvoiceRecalculated(lines=lines, totals=totals):
            changed = {
                "taxes": {rate: amount.minor for rate, amount in totals.taxes.items()},
                "lines": msgspec.to_builtins(list(lines)),
            }
            return _amounts(totals) | {"document": _merged(changed)}
        case InvoiceHeld(total=total, bound=bound):
            return {"document": _merged({"held": {"total_minor": total.minor, "bound_minor": bound.minor}})}
        case InvoiceReleased(reason=reason):
            return {"document": _without("held", _merged({"released": reason}))}
        case InvoiceIssued():
            return facts(event) | {"document": _without("held")}
        case PaymentAllocated(open=left):
            return {"open_minor": left.minor, **_standing(left)}
        case PaymentReturned(open=left):
            status = {"status": "issued"} if event.reopened.minor else {}
            given_back = {"document": _with_given_back(event.refundable.minor)} if event.refundable.minor else {}
            return status | given_back | {"open_minor": left.minor}
        case InvoicePaid():
            return facts(event)
        case InvoiceVoided():
            return {"status": "voided", "open_minor": 0}
        case CreditNoteIssued():
            left = event.open or Money.zero(event.amount.currency)
            status = {"status": "credited"} if event.is_last else _standing(left)
            return status | {
                "open_minor": left.minor,
                "written_off_minor": event.written_off.minor if event.written_off else 0,
                "document": _with_credit_note(_credit_note(event)),
            }
        case InvoiceWrittenOff() | InvoiceRecovered():
            return _lost(event)
        case InvoiceDiscarded():
            return {"status": "discarded", "open_minor": 0, "document": _without("held")}
        case _:
            return {}


def _standing(left: Money) -> dict[str, Any]:
    """Where nothing is open, and something was written off, that is what is left of it."""
    is_lost = (invoices.c.status == "issued") & (invoices.c.written_off_minor > 0)
    return {} if left.minor else {"status": case((is_lost, "written_off"), else_=invoices.c.status)}


def _lost(event: InvoiceWrittenOff | InvoiceRecovered) -> dict[str, Any]:
    told = {"on": event.on.isoformat(), "amount_minor": event.amount.minor}
    if isinstance(event, InvoiceWrittenOff):
        changed = {"status": "written_off", "open_minor": 0}
        told |= {"kind": "write_off", "reason": event.reason}
    else:
        changed = {"open_minor": invoices.c.open_minor + event.amount.minor}
        told |= {"kind": "recovery", "reason": ""}
    losses = _with_one_more(invoices.c.document, "losses", told)
    return changed | {"written_off_minor": event.written_off.minor, "document": losses}


def _merged(changed: dict[str, Any]) -> Any:
    return invoices.c.document.op("||")(bindparam(None, changed, JSONB))


def _without(name: str, document: Any = invoices.c.document) -> Any:
    return document.op("-")(cast(name, Text))


def _with_credit_note(note: dict[str, Any]) -> Any:
    """`credit_note` is the latest."""
    return _with_one_more(_merged({"credit_note": note}), "credit_notes", note)


def _with_one_more(document: Any, name: str, item: dict[str, Any]) -> Any:
    listed = func.coalesce(invoices.c.document.op("->")(name), bindparam(None, [], JSONB))
    return func.jsonb_set(document, cast([name], ARRAY(Text)), listed.op("||")(bindparam(None, [item], JSONB)))


def _with_given_back(minor: int) -> Any:
    """Of what credit notes made refundable, `given_back_minor` does not pay this invoice any more."""
    before = func.coalesce(invoices.c.document["given_back_minor"].as_integer(), 0)
    return func.jsonb_set(invoices.c.document, cast(["given_back_minor"], ARRAY(Text)), func.to_jsonb(before + minor))


def _credit_note(event: CreditNoteIssued) -> dict[str, Any]:
    return {
        "number": event.credit_note_number,
        "issued_on": event.issued_on.isoformat(),
        "amount_minor": event.amount.minor,
        "tax_minor": event.tax.minor,
        "refundable_minor": event.refundable.minor,
        "forgiven_minor": event.forgiven.minor if event.forgiven else 0,
        "reason": event.reason,
        "taxes": {rate: tax.minor for rate, tax in event.carried.taxes.items()},
        "lines": msgspec.to_builtins(list(event.carried.lines)),
        "corrects": msgspec.to_builtins(event.corrects),
    }
