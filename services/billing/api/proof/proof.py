"""Proof: what a line was made of, and whether an invoice follows from the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.billing.api.access import ReadBilling, VerifyInvoices
from services.billing.api.catalogue.plan_forms import ChargeForm, charge_form
from services.billing.api.invoices.credit_forms import LinePaidOut, credit_of, paid_of_line, paid_read
from services.billing.api.invoices.edit_forms import EditOut
from services.billing.api.invoices.invoice_forms import CorrectedLineOut, InvoiceId, LineOut, QuoteId, SubscriptionId
from services.billing.api.invoices.line_documents import line_document
from services.billing.api.proof.outcomes import OutcomeOut, outcomes_of, outcomes_read
from services.billing.api.proof.readings import given_back, reading, taxes_read
from services.billing.domain.agreed_one_off import AgreedOneOff
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.events import CreditNoteIssued
from services.billing.domain.invoice.state import Invoice, InvoiceNotFound
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod
from services.billing.domain.wallet import WALLET
from services.billing.processes import verification
from services.billing.processes.ahead_verification import verify_ahead
from services.billing.processes.credit_verification import verify_credit
from services.billing.projections.invoices import invoices
from shared.http.routes import TransactionalRoute
from shared.ids import shown
from shared.unit_of_work import UnitOfWork

NoteNumber = Annotated[str | None, Query(max_length=60)]

router = APIRouter(prefix="/v1/invoices", tags=["proof"], route_class=TransactionalRoute)


class Explanation(BaseModel):
    """`invoice` is the number of the document. `price` is the charge as it was agreed; `usage_events` is where the usage
    service lists the events behind it, and `outcomes` are the renewals that it charges for, as they were known at its
    revision. `paid_with_credit` is what wallets paid of the line when the invoice was issued;
    `taxes` say which rates by which rule, `edits` what people did to the line while it was on a draft. `quote_version` is the
    one that was accepted."""

    invoice: str | None
    line: LineOut
    subscription_id: SubscriptionId | None
    quote_id: QuoteId | None
    quote_version: int | None
    price: ChargeForm | None
    learned_at: datetime | None
    outcomes: list[OutcomeOut]
    usage_events: str | None
    usage_recount: str | None
    paid_with_credit: list[LinePaidOut]
    reading: list[str]
    taxes: list[str]
    edits: list[EditOut]


class DifferenceOut(BaseModel):
    """`document` is the number of the invoice or credit note, or the correction that was noted; line 0 is its tax."""

    document: str
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
def explain(invoice_id: InvoiceId, number: int, unit: ReadBilling, credit_note: NoteNumber = None) -> Explanation:
    """From the amount back to the tiers, the price, the quote, and the usage events. With the number of a credit note of
    the invoice, a line of that."""
    row = invoices.get(unit, invoice_id)
    line = _line(row, credit_note, number)
    paid = paid_of_line(credit_of(row["document"], row["status"]), number) if credit_note is None else []
    counted = _period(unit, line)
    outcomes = outcomes_of(unit, counted, line, row["currency"])
    return Explanation(
        invoice=credit_note or row["number"],
        line=line,
        subscription_id=row["subscription_id"] or line.subscription_id,
        quote_id=line.quote_id,
        quote_version=_quote_version(unit, line),
        price=_price(unit, row, line),
        learned_at=counted.learned_at if counted else None,
        outcomes=outcomes,
        **_usage_links(counted, line.group),
        paid_with_credit=paid,
        reading=[
            *_read(unit, row, line, counted),
            *outcomes_read(outcomes, row["currency"]),
            *paid_read(paid, row["currency"]),
        ],
        taxes=list(taxes_read(line, row["currency"])),
        edits=_edits(row, line),
    )


def _usage_links(counted: UsagePeriod | None, group: str) -> dict[str, str | None]:
    """Where usage lists the events behind the line, and counts them again. What it has not metered it knows nothing of."""
    if counted is None or counted.outcome is not None:
        return {"usage_events": None, "usage_recount": None}
    period = f"/v1/periods/{shown('per', counted.item.period_id)}"
    return {"usage_events": f"{period}/events?{urlencode({'group': group})}", "usage_recount": f"{period}/recount"}


def _read(unit: UnitOfWork, row: dict[str, Any], line: LineOut, counted: UsagePeriod | None) -> list[str]:
    metered = "won renewals" if counted and counted.outcome else "usage events"
    if line.corrects and not line.quantity and _is_given(unit.state(INVOICE, row["invoice_id"]), line.corrects):
        return given_back(line, row["currency"])
    read = reading(_subscription(unit, row, line), line, row["currency"], metered, _once(unit, row, line))
    if line.kind == "progressive" and line.corrects is None:
        read[0] += f", which {' and '.join(_interims(unit, row, line))} billed ahead"
    return read


def _interims(unit: UnitOfWork, row: dict[str, Any], line: LineOut) -> list[str]:
    """The interim invoices that the line takes off: their numbers, and the ids of drafts."""
    bills = [part.bill for part in unit.state(INVOICE, row["invoice_id"]).header.bills]
    wanted = (line.proof.period_id, line.group) if line.proof else None
    ids = [each.invoice_id for bill in bills for each in bill.ahead if (each.period_id, each.group) == wanted]
    known = [invoices.get(unit, id_) for id_ in dict.fromkeys(ids)]
    return [each["number"] or shown("inv", each["invoice_id"]) for each in known]


def _is_given(invoice: Invoice, corrects: CorrectedLineOut) -> bool:
    parts = (part.corrects for note in invoice.given for part in note.lines)
    return any(part is not None and part.correction_id == corrects.correction_id for part in parts)


def _period(unit: UnitOfWork, line: LineOut) -> UsagePeriod | None:
    return None if line.proof is None else unit.state(USAGE_PERIOD, line.proof.period_id)


def _edits(row: dict[str, Any], line: LineOut) -> list[EditOut]:
    made = {line.edit, *(adjustment.edit for adjustment in line.adjustments)}
    return [EditOut(**edit) for edit in row["document"].get("edits", ()) if edit["edit"] in made]


def _subscription(unit: UnitOfWork, row: dict[str, Any], line: LineOut) -> Subscription | None:
    id_ = row["subscription_id"] or line.subscription_id
    return None if id_ is None else unit.state(SUBSCRIPTION, id_)


def _line(row: dict[str, Any], credit_note: str | None, number: int) -> LineOut:
    stored = next((line for line in _lines(row, credit_note) if line["number"] == number), None)
    if stored is None:
        raise InvoiceNotFound("the document has no such line")
    return LineOut.model_validate(line_document(stored))


def _lines(row: dict[str, Any], credit_note: str | None) -> list[dict[str, Any]]:
    document: dict[str, Any] = row["document"]
    if credit_note is not None:
        document = next((note for note in document["credit_notes"] if note["number"] == credit_note), {"lines": []})
    lines: list[dict[str, Any]] = document["lines"]
    return lines


@router.post("/{invoice_id}/verify")
def verify(invoice_id: InvoiceId, unit: VerifyInvoices) -> Verification:
    """Recompute from billing's own log, as it was when the invoice was drafted, and when each correction was noted; and what
    the wallets that paid of it say of that."""
    invoice: Invoice | None = unit.state(INVOICE, invoice_id)
    if invoice is None:
        raise InvoiceNotFound("no such invoice")
    differences = list(_differences(unit, invoice))
    same = ("document", "line", "field")
    return Verification(
        equal=not differences,
        lines=len(invoice.lines),
        total_minor=invoice.totals.total.minor,
        differences=[
            DifferenceOut(
                **{name: getattr(d, name) for name in same}, invoiced=str(d.invoiced), recomputed=str(d.recomputed)
            )
            for d in differences
        ],
    )


def _differences(unit: UnitOfWork, invoice: Invoice) -> Iterator[verification.Difference]:
    corrects, id_ = invoice.header.corrects, invoice.header.invoice_id
    original = corrects.invoice_id if corrects else id_
    yield from verification.verify(
        _events(unit.history(INVOICE, original)), log_of(unit, unit.state(INVOICE, original))
    )
    own = _events(unit.history(INVOICE, id_))
    for corrected in _corrected_by(own, original):
        yield from verification.verify_documents(invoice, own, unit.state(INVOICE, corrected))
    yield from verify_ahead(invoice, partial(unit.state, INVOICE))
    drawn = {each.wallet_id: _events(unit.history(WALLET, each.wallet_id)) for each in invoice.credit}
    yield from verify_credit(invoice, drawn)


def _corrected_by(events: Sequence[Any], original: UUID) -> Iterable[UUID]:
    """The original, and other invoices whose corrections are on credit notes of this one: it billed ahead for them."""
    notes = (event.corrects for event in events if isinstance(event, CreditNoteIssued) and event.corrects)
    return dict.fromkeys([original, *(corrects.invoice_id for corrects in notes)])


def log_of(unit: UnitOfWork, invoice: Invoice) -> verification.Log:
    """What the lines of an invoice follow from."""
    header = invoice.header
    subscriptions = {id_: _events(unit.history(SUBSCRIPTION, id_)) for id_ in header.subscription_ids}
    return verification.Log(
        subscription=subscriptions[header.subscription_id] if header.subscription_id else [],
        periods={item.period_id: _events(unit.history(USAGE_PERIOD, item.period_id)) for item in header.metered},
        subscriptions=subscriptions,
    )


def _events(history: list[Any]) -> list[Any]:
    return [entry.event for entry in history]


def _quote_version(unit: UnitOfWork, line: LineOut) -> int | None:
    quote: Quote | None = unit.state(QUOTE, line.quote_id) if line.quote_id else None
    return quote.version if quote else None


def _once(unit: UnitOfWork, row: dict[str, Any], line: LineOut) -> AgreedOneOff | None:
    """As the quote has it that the line was agreed in."""
    if line.kind != "one_off" or line.quote_id is None:
        return None
    header = unit.state(INVOICE, row["invoice_id"]).header
    bills = [part.bill for part in header.bills] or [header.bill]
    items = (item for bill in bills for item in bill.one_offs if item.quote_id == line.quote_id)
    return next((item.agreed for item in items if item.agreed.code == line.charge), None)


def _price(unit: UnitOfWork, row: dict[str, Any], line: LineOut) -> ChargeForm | None:
    if line.edit:
        item = unit.state(INVOICE, row["invoice_id"]).edits[line.edit - 1]
        return ChargeForm(
            code=item.code, name=item.description, kind="flat", price=item.price, tax_rates=item.tax_rates
        )
    once = _once(unit, row, line)
    if once is not None:
        return charge_form(once.charge)
    subscription = _subscription(unit, row, line)
    if subscription is None:
        return None
    agreed = subscription.line(line.term_number, line.amendment).on(line.starts_on)
    charge = next((charge for charge in agreed.charges if charge.code == line.charge), None)
    return charge_form(charge) if charge else None
