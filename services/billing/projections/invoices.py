"""Invoices with their lines, what is open of them, and the document that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, Text, bindparam, case, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.billing.domain.invoice import INVOICE
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
from services.billing.domain.invoice.state import InvoiceNotFound
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.payment.allocation import OpenInvoice
from services.billing.tables import invoices
from shared.event_store import Recorded, StreamKey
from shared.moments import PlayedBack
from shared.money import Money
from shared.statements import Insertion, write_rows
from shared.unit_of_work import UnitOfWork

_DRAFTED = Insertion(
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


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """Invoices that are drafted and issued together, such as those of a bill run, are one statement."""
    drafted: dict[StreamKey, dict[str, Any]] = {}
    at_once: dict[StreamKey, dict[str, Any]] = {}
    others: list[Recorded] = []
    for entry in recorded:
        if isinstance(entry.event, InvoiceDrafted):
            drafted[entry.key] = at_once[entry.key] = _row(entry, entry.event)
        elif entry.key in at_once and isinstance(entry.event, InvoiceIssued | InvoicePaid):
            at_once[entry.key] |= {"version": entry.version, **_changes(entry.event)}
        elif entry.key.category == "invoice":
            at_once.pop(entry.key, None)  # what follows has to follow this, too
            others.append(entry)
    write_rows(tx, _DRAFTED, list(drafted.values()))
    for entry in others:
        mine = (invoices.c.tenant_id == entry.tenant_id, invoices.c.invoice_id == entry.stream_id)
        tx.execute(update(invoices).where(*mine).values(version=entry.version, **_changes(entry.event)))


def _row(entry: Recorded, event: InvoiceDrafted) -> dict[str, Any]:
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
    }


def _amounts(totals: Totals) -> dict[str, int]:
    return {
        "subtotal_minor": totals.subtotal.minor,
        "tax_minor": totals.tax.minor,
        "total_minor": totals.total.minor,
        "open_minor": totals.total.minor,
        "written_off_minor": 0,
    }


def _changes(event: object) -> dict[str, Any]:
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
        case InvoiceIssued(facts=facts):
            return {
                "status": "issued",
                "number": facts.number,
                "issued_on": facts.issued_on,
                "due_on": facts.due_on,
                "document": _without("held"),
            }
        case PaymentAllocated(open=left):
            return {"open_minor": left.minor, **_standing(left)}
        case PaymentReturned(open=left):
            status = {"status": "issued"} if event.reopened.minor else {}
            given_back = {"document": _with_given_back(event.refundable.minor)} if event.refundable.minor else {}
            return status | given_back | {"open_minor": left.minor}
        case InvoicePaid():
            return {"status": "paid"}
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


THEN = PlayedBack(INVOICE, project, invoices.c.invoice_id)


def of_tenant(
    unit: UnitOfWork,
    *,
    customer: str | None = None,
    subscription_id: UUID | None = None,
    status: str | None = None,
    number: str | None = None,
    issued_from: date | None = None,
    issued_to: date | None = None,
    held: bool | None = None,
) -> Select[Any]:
    mine = select(invoices).where(invoices.c.tenant_id == unit.tenant_id)
    wanted = {
        invoices.c.customer_key: customer,
        invoices.c.subscription_id: subscription_id,
        invoices.c.status: status,
        invoices.c.number: number,
    }
    mine = mine.where(*(column == value for column, value in wanted.items() if value is not None))
    if held is not None:
        mine = mine.where((invoices.c.document.op("->>")("held").is_not(None)) == held)
    if issued_from is not None:
        mine = mine.where(invoices.c.issued_on >= issued_from)
    return mine if issued_to is None else mine.where(invoices.c.issued_on < issued_to)


def get(unit: UnitOfWork, invoice_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(invoices.c.invoice_id == invoice_id)).mappings().first()
    if row is None:
        raise InvoiceNotFound("no such invoice")
    return dict(row)


def by_number(unit: UnitOfWork, number: str, *, field: str = "/invoice") -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit, number=number)).mappings().first()
    if row is None:
        raise InvoiceNotFound("no invoice has this number", field=field)
    return dict(row)


def open_of_customer(unit: UnitOfWork, customer: str, currency: str, *, number: str | None = None) -> list[OpenInvoice]:
    """What the customer owes in a currency; what was written off only where it is named."""
    statuses = ["issued"] if number is None else ["issued", "written_off"]
    mine = of_tenant(unit, customer=customer, number=number)
    mine = mine.where(invoices.c.currency == currency, invoices.c.status.in_(statuses))
    return [open_invoice(dict(row)) for row in unit.tx.execute(mine).mappings()]


def open_of_tenant(unit: UnitOfWork, currencies: Sequence[str]) -> list[OpenInvoice]:
    """All that waits for money in these currencies, without the lines."""
    columns = (
        "invoice_id",
        "number",
        "customer_id",
        "customer_key",
        "due_on",
        "open_minor",
        "written_off_minor",
        "currency",
    )
    mine = of_tenant(unit, status="issued").where(invoices.c.currency.in_(currencies), invoices.c.open_minor > 0)
    mine = mine.with_only_columns(*(invoices.c[name] for name in columns))
    return [open_invoice(dict(row)) for row in unit.tx.execute(mine).mappings()]


def open_invoice(row: dict[str, Any]) -> OpenInvoice:
    """With what was written off: that is paid, too, if it is named."""
    return OpenInvoice(
        invoice_id=row["invoice_id"],
        number=row["number"] or "",
        customer_id=row["customer_id"],
        customer_key=row["customer_key"],
        due_on=row["due_on"],
        open=Money(row["open_minor"] + row["written_off_minor"], row["currency"]),
    )


def with_flat_charges_after(unit: UnitOfWork, subscription_id: UUID, day: date) -> list[UUID]:
    """Issued invoices of a subscription that charge for days from then on, by number."""
    rows = unit.tx.exec_driver_sql(
        _WITH_FLAT_CHARGES_AFTER, {"tenant": unit.tenant_id, "subscription": subscription_id, "day": day.isoformat()}
    )
    return list(rows.scalars())


_WITH_FLAT_CHARGES_AFTER = """
SELECT invoice_id FROM invoices
WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s AND status IN ('issued', 'paid', 'written_off')
  AND EXISTS (SELECT FROM jsonb_array_elements(document -> 'lines') AS line
              WHERE line ->> 'kind' = 'flat' AND line ->> 'ends_on' > %(day)s)
ORDER BY number"""
