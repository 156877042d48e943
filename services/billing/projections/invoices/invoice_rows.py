"""What each event makes of the row of an invoice: the columns, and the document that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Text, bindparam, case, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.billing.domain.invoice.edit_events import InvoiceLineAdded, InvoiceLineAdjusted, InvoiceLineRemoved
from services.billing.domain.invoice.events import (
    CreditNoteIssued,
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
)
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.totals import Totals
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
        "document": _document(header, event.lines, event.totals) | {"edits": _first_edits(entry, event)},
        **_amounts(event.totals),
    }


def _document(header: Header, lines: Sequence[InvoiceLine], totals: Totals) -> dict[str, Any]:
    """With parts of the event as they are: they are encoded with the row."""
    return {
        "legal_entity": header.legal_entity,
        "party": header.party,
        "billing_on": header.bill.billing_on.isoformat(),
        "taxes": _by_rate(totals),
        "lines": lines,
        "kind": header.kind,
        "corrects": header.corrects,
        "purchase_order": header.purchase_order,
        "credit_note": None,
        "credit_notes": [],
        "losses": [],
        "tax": header.bill.tax,
        **_of_several(header),
    }


def _of_several(header: Header) -> dict[str, Any]:
    """Of an invoice of one subscription, or of none, the document has no word."""
    if not header.parts:
        return {}
    orders = {part.subscription_id: part.purchase_order for part in header.parts}
    told = [{"subscription_id": str(id_), "purchase_order": order} for id_, order in orders.items()]
    return {"subscriptions": told}


def _made_of(lines: Sequence[InvoiceLine], totals: Totals) -> dict[str, Any]:
    return {"taxes": _by_rate(totals), "lines": msgspec.to_builtins(list(lines))}


def _by_rate(totals: Totals) -> dict[str, int]:
    return {rate: amount.minor for rate, amount in totals.taxes.items()}


def _first_edits(entry: Recorded, event: InvoiceDrafted) -> list[dict[str, Any]]:
    """Of an invoice that somebody drafted."""
    added = (line for line in event.lines if line.edit)
    return [_edited(entry, line.edit, "add_line", line, line.amount, event.reason) for line in added]


def _edit(entry: Recorded, event: InvoiceLineAdded | InvoiceLineRemoved | InvoiceLineAdjusted) -> dict[str, Any]:
    match event:
        case InvoiceLineAdded(lines=lines):
            return _edited(entry, event.edit, "add_line", lines[-1], lines[-1].amount, event.reason)
        case InvoiceLineRemoved(line=line):
            return _edited(entry, event.edit, "remove_line", line, -line.amount, event.reason)
        case InvoiceLineAdjusted(line=line, by=by):
            return _edited(entry, event.edit, "adjust_line", line, by, event.reason)


def _edited(entry: Recorded, number: int, command: str, line: InvoiceLine, net: Money, reason: str) -> dict[str, Any]:
    """What somebody did to a line, and what it changed the net by."""
    return {
        "edit": number,
        "command": command,
        "charge": line.charge,
        "description": line.description,
        "amount_minor": net.minor,
        "reason": reason,
        "by": entry.cause.context["principal"],
        "at": entry.cause.occurred_at.isoformat(),
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
    return {
        "status": "issued",
        "number": told.number,
        "issued_on": told.issued_on,
        "due_on": told.due_on,
        "open_minor": event.open.minor,
    }


def credit(event: object) -> dict[str, Any]:
    """What the document says of wallets that paid when it was issued; of others it has no word."""
    if not isinstance(event, InvoiceIssued) or not event.credit:
        return {}
    return {"credit": msgspec.to_builtins(list(event.credit))}


def changes(entry: Recorded) -> dict[str, Any]:
    match event := entry.event:
        case InvoiceRecalculated(lines=lines, totals=totals):
            return _amounts(totals) | {"document": _merged(_made_of(lines, totals))}
        case InvoiceLineAdded() | InvoiceLineRemoved() | InvoiceLineAdjusted():
            document = _with_one_more(_merged(_made_of(event.lines, event.totals)), "edits", _edit(entry, event))
            return _amounts(event.totals) | {"document": document}
        case InvoiceHeld(total=total, bound=bound):
            return {"document": _merged({"held": {"total_minor": total.minor, "bound_minor": bound.minor}})}
        case InvoiceReleased(reason=reason):
            return {"document": _without("held", _merged({"released": reason}))}
        case InvoiceIssued():
            return facts(event) | {"document": _without("held", _merged(credit(event)))}
        case InvoiceDiscarded():
            return {"status": "discarded", "open_minor": 0, "document": _without("held")}
        case _:
            return _since_issued(event)


def _since_issued(event: object) -> dict[str, Any]:
    match event:
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
            return _credited(event)
        case InvoiceWrittenOff() | InvoiceRecovered():
            return _lost(event)
        case _:
            return {}


def _credited(event: CreditNoteIssued) -> dict[str, Any]:
    left = event.open or Money.zero(event.amount.currency)
    status = {"status": "credited"} if event.is_last else _standing(left)
    return status | {
        "open_minor": left.minor,
        "written_off_minor": event.written_off.minor if event.written_off else 0,
        "document": _with_credit_note(_credit_note(event)),
    }


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
    restored = [{"wallet_id": str(each.wallet_id), "amount_minor": each.amount.minor} for each in event.restored]
    return ({"restored": restored} if restored else {}) | {
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
