"""Proof: what a line was made of, and whether an invoice follows from the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.billing.api.access import ReadBilling, VerifyInvoices
from services.billing.api.invoice_forms import InvoiceId, LineOut, QuoteId, SubscriptionId, line_out
from services.billing.api.plan_forms import ChargeForm, charge_form
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.processes import verification
from services.billing.projections import invoices
from shared.http.routes import TransactionalRoute
from shared.ids import shown
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/invoices", tags=["proof"], route_class=TransactionalRoute)


class Explanation(BaseModel):
    """`price` is the charge as it was agreed; `usage_events` is where the usage service lists the events behind it."""

    invoice: str | None
    line: LineOut
    subscription_id: SubscriptionId
    quote_id: QuoteId
    price: ChargeForm | None
    learned_at: datetime | None
    usage_events: str | None
    usage_recount: str | None
    reading: list[str]


class DifferenceOut(BaseModel):
    line: int
    field: str
    invoiced: str
    recomputed: str


class Verification(BaseModel):
    equal: bool
    lines: int
    total_minor: int
    differences: list[DifferenceOut]


@router.get("/{invoice_id}/lines/{number}/explain")
def explain(invoice_id: InvoiceId, number: int, unit: ReadBilling) -> Explanation:
    """From the amount back to the tiers, the price, the quote, and the usage events."""
    row = invoices.get(unit, invoice_id)
    stored = next((line for line in row["document"]["lines"] if line["number"] == number), None)
    if stored is None:
        raise InvoiceNotFound("the invoice has no such line")
    line = line_out(stored)
    period = line.proof and shown("per", line.proof.period_id)
    return Explanation(
        invoice=row["number"],
        line=line,
        subscription_id=row["subscription_id"],
        quote_id=line.quote_id,
        price=_price(unit, row["subscription_id"], line),
        learned_at=unit.state(USAGE_PERIOD, line.proof.period_id).learned_at if line.proof else None,
        usage_events=f"/v1/periods/{period}/events?group={line.group}" if period else None,
        usage_recount=f"/v1/periods/{period}/recount" if period else None,
        reading=_reading(line, row["currency"]),
    )


@router.post("/{invoice_id}/verify")
def verify(invoice_id: InvoiceId, unit: VerifyInvoices) -> Verification:
    """Recompute from billing's own log, as it was when the invoice was drafted."""
    invoice: Invoice | None = unit.state(INVOICE, invoice_id)
    if invoice is None:
        raise InvoiceNotFound("no such invoice")
    subscription = _events(unit.history(SUBSCRIPTION, invoice.header.subscription_id))
    usage = {item.period_id: _events(unit.history(USAGE_PERIOD, item.period_id)) for item in invoice.header.bill.usage}
    differences = verification.verify(invoice, subscription, usage)
    return Verification(
        equal=not differences,
        lines=len(invoice.lines),
        total_minor=invoice.totals.total.minor,
        differences=[
            DifferenceOut(line=d.line, field=d.field, invoiced=str(d.invoiced), recomputed=str(d.recomputed))
            for d in differences
        ],
    )


def _events(history: list[Any]) -> list[Any]:
    return [entry.event for entry in history]


def _price(unit: UnitOfWork, subscription_id: UUID, line: LineOut) -> ChargeForm | None:
    agreed = unit.state(SUBSCRIPTION, subscription_id).term(line.term_number).line
    charge = next((charge for charge in agreed.charges if charge.code == line.charge), None)
    return charge_form(charge) if charge else None


def _reading(line: LineOut, currency: str) -> list[str]:
    """The line as sentences that a person can check with a pencil."""
    told = [f"{line.quantity} metered for {line.charge} {line.group}".rstrip()] if line.proof else []
    for tier in line.tiers:
        upper = "above" if tier.up_to is None else f"up to {tier.up_to}"
        told.append(f"{tier.quantity} at {tier.unit_amount} {upper}: {tier.amount} {currency}")
    told.append(f"rounded to {line.amount_minor} minor units of {currency}, residue {line.residue}")
    if line.proof:
        told.append(f"{line.proof.count} usage events with digest {line.proof.digest}")
    return told
