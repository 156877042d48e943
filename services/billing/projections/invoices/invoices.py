"""Invoices with their lines, what is open of them, and the document that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, Text, Update, literal_column, select, update

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.events import (
    InvoiceDrafted,
    InvoiceIssued,
    InvoicePaid,
)
from services.billing.domain.invoice.state import InvoiceNotFound
from services.billing.domain.payment.allocation import OpenInvoice
from services.billing.domain.payment_plan.events import (
    PaymentPlanAgreed,
    PaymentPlanBroken,
    PaymentPlanKept,
    PaymentPlanWithdrawn,
)
from services.billing.projections.invoices import invoice_parts
from services.billing.projections.invoices.invoice_rows import DRAFTED, changes, credit, facts, row
from services.billing.projections.payments import payment_plans
from services.billing.tables import invoices
from shared.event_store import Recorded, StreamKey
from shared.moments import PlayedBack
from shared.money import Money
from shared.statements import write_rows
from shared.tenancy import Ask
from shared.unit_of_work import UnitOfWork


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """Invoices that are drafted and issued together, such as those of a bill run, are one statement."""
    drafted: dict[StreamKey, dict[str, Any]] = {}
    at_once: dict[StreamKey, dict[str, Any]] = {}
    others: list[Recorded] = []
    for entry in recorded:
        if isinstance(entry.event, InvoiceDrafted):
            drafted[entry.key] = at_once[entry.key] = row(entry, entry.event)
        elif entry.key in at_once and isinstance(entry.event, InvoiceIssued | InvoicePaid):
            at_once[entry.key] |= {"version": entry.version, **facts(entry.event)}
            at_once[entry.key]["document"] |= credit(entry.event)
        elif entry.key.category == "invoice":
            at_once.pop(entry.key, None)  # what follows has to follow this, too
            others.append(entry)
    write_rows(tx, DRAFTED, list(drafted.values()))
    for entry in recorded:
        _plan(tx, entry)
    for entry in others:
        mine = (invoices.c.tenant_id == entry.tenant_id, invoices.c.invoice_id == entry.stream_id)
        tx.execute(update(invoices).where(*mine).values(version=entry.version, **changes(entry)))


def _plan(tx: Connection, entry: Recorded) -> None:
    """The payment plan that stands for an invoice."""
    match entry.event:
        case PaymentPlanAgreed(agreement=agreement):
            ids = [invoice.invoice_id for invoice in agreement.invoices]
            tx.execute(_of(entry).where(invoices.c.invoice_id.in_(ids)).values(payment_plan_id=agreement.plan_id))
        case PaymentPlanKept() | PaymentPlanBroken() | PaymentPlanWithdrawn():
            tx.execute(_of(entry).where(invoices.c.payment_plan_id == entry.stream_id).values(payment_plan_id=None))


def _of(entry: Recorded) -> Update:
    """Of the tenant's; SQLAlchemy takes longer to put the words together than most events to be looked at."""
    return update(invoices).where(invoices.c.tenant_id == entry.tenant_id)


THEN = PlayedBack(INVOICE, project, invoices.c.invoice_id)


def originals_of(unit: UnitOfWork, subscription_id: UUID) -> Select[Any]:
    """Invoices that are owed, or will be, and correct no other."""
    mine = of_tenant(unit, subscription_id=subscription_id, kind="regular")
    return mine.where(invoices.c.status.not_in(["discarded", "voided"]))


def of_tenant(
    unit: UnitOfWork,
    *,
    customer: str | None = None,
    subscription_id: UUID | None = None,
    status: str | None = None,
    kind: str | None = None,
    number: str | None = None,
    issued_from: date | None = None,
    issued_to: date | None = None,
    held: bool | None = None,
) -> Select[Any]:
    mine = select(invoices).where(invoices.c.tenant_id == unit.tenant_id)
    wanted = {
        invoices.c.customer_key: customer,
        invoices.c.status: status,
        invoices.c.document.op("->>")("kind"): kind,
        invoices.c.number: number,
    }
    mine = mine.where(*(column == value for column, value in wanted.items() if value is not None))
    if subscription_id is not None:
        mine = mine.where(invoices.c.invoice_id.in_(invoice_parts.invoices_of(unit, subscription_id)))
    if held is not None:
        mine = mine.where((invoices.c.document.op("->>")("held").is_not(None)) == held)
    return _issued_in(mine, issued_from, issued_to)


def _issued_in(mine: Select[Any], issued_from: date | None, issued_to: date | None) -> Select[Any]:
    if issued_from is not None:
        mine = mine.where(invoices.c.issued_on >= issued_from)
    return mine if issued_to is None else mine.where(invoices.c.issued_on < issued_to)


def get(unit: UnitOfWork, invoice_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(invoices.c.invoice_id == invoice_id)).mappings().first()
    if row is None:
        raise InvoiceNotFound("no such invoice")
    return dict(row)


def stamped(mine: Select[Any]) -> Select[Any]:
    """Which they are, with the `stamp` of each: it is another one as soon as anything in the row is."""
    return mine.with_only_columns(invoices.c.invoice_id, literal_column(_STAMP, Text).label("stamp"))


def stamps_of(ask: Ask, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The same of those of these that there are."""
    return dict(ask(_STAMPS, {"ids": list(ids)}))


def page_of_stamps(ask: Ask, limit: int, after: UUID | None) -> dict[UUID, str]:
    """The same of the first `limit` of the tenant's, in the order of their ids, which come after this one."""
    if after is None:
        return dict(sorted(ask(_PAGE.format(after=""), {"limit": limit})))
    return dict(sorted(ask(_PAGE.format(after="AND invoice_id > %(after)s"), {"limit": limit, "after": after})))


def of_ids(ask: Ask, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Those of these that there are, in no order, with their stamps, and documents as text."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in ask(_OF_IDS, {"ids": list(ids)})]


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
    return _with_parts(unit, unit.tx.execute(mine).mappings().all())


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
        "payment_plan_id",
    )
    mine = of_tenant(unit, status="issued").where(invoices.c.currency.in_(currencies), invoices.c.open_minor > 0)
    mine = mine.with_only_columns(*(invoices.c[name] for name in columns))
    return _with_parts(unit, unit.tx.execute(mine).mappings().all())


def _with_parts(unit: UnitOfWork, rows: Sequence[RowMapping]) -> list[OpenInvoice]:
    """As their payment plans ask for them."""
    plans = [row["payment_plan_id"] for row in rows if row["payment_plan_id"] is not None]
    parts = payment_plans.parts_of(unit, plans) if plans else {}
    return [replace(open_invoice(dict(row)), parts=parts.get(row["invoice_id"], ())) for row in rows]


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
WHERE tenant_id = %(tenant)s AND status IN ('issued', 'paid', 'written_off')
  AND invoice_id IN (
    SELECT invoice_id FROM invoices WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s
    UNION ALL
    SELECT invoice_id FROM invoice_parts WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s)
  AND EXISTS (SELECT FROM jsonb_array_elements(document -> 'lines') AS line
              WHERE line ->> 'kind' = 'flat' AND line ->> 'ends_on' > %(day)s)
ORDER BY number"""

# PostgreSQL writes a row that changes anew: which transaction wrote it, and where it is, it has in common with no earlier one.
_STAMP = "invoices.xmin::text || invoices.ctid::text"

_COLUMNS = (*(column.name for column in invoices.columns if column.name != "document"), "document", "stamp")

_OF_IDS = f"""
SELECT {", ".join(_COLUMNS[:-2])}, document::text, {_STAMP} FROM invoices
WHERE tenant_id = %(tenant)s AND invoice_id = ANY(%(ids)s)"""  # noqa: S608 - columns are a constant

_PAGE = f"""
SELECT invoice_id, {_STAMP} FROM invoices
WHERE tenant_id = %(tenant)s {{after}} ORDER BY invoice_id LIMIT %(limit)s"""  # noqa: S608 - the stamp is a constant

_STAMPS = f"""
SELECT invoice_id, {_STAMP} FROM invoices
WHERE tenant_id = %(tenant)s AND invoice_id = ANY(%(ids)s)"""  # noqa: S608 - the stamp is a constant
