"""/v1/subscriptions/{id}/conformance: every invoice line beside the quote that was accepted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.billing.api.access import ReadBilling
from services.billing.api.proof.proof import log_of
from services.billing.api.subscriptions.subscriptions import InvoiceId, QuoteId, SubscriptionId
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine, LineKind
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Term
from services.billing.domain.subscription.state import Subscription, SubscriptionNotFound
from services.billing.processes.conformance import (
    Deviation,
    compare_once,
    compare_term,
    invoiced_otherwise,
    of_line,
    quoted_line,
)
from services.billing.processes.verification import Difference
from services.billing.projections.invoices import invoices
from services.billing.tables import invoices as table
from shared.http.pages import PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/subscriptions", tags=["conformance"], route_class=TransactionalRoute)


class DeviationOut(BaseModel):
    """`what` is quote, term, quantity, price, discount, cap, minimum, tax or one_off; on a line also the field that is
    otherwise."""

    what: str
    charge: str | None
    agreed: str
    found: str


class TermOut(BaseModel):
    """A term beside the line of the quote version that was accepted for it."""

    term_number: int
    quote_id: QuoteId
    quote_version: int | None
    starts_on: date
    ends_on: date
    deviations: list[DeviationOut]


class LineOut(BaseModel):
    """`amendment` is the one by which the line was agreed; 0 is the quote itself."""

    number: int
    kind: LineKind
    charge: str
    term_number: int
    amendment: int
    quote_id: QuoteId | None
    amount_minor: int
    deviations: list[DeviationOut]


class InvoiceOut(BaseModel):
    """`documents` are deviations of its corrections, credits for unused time and parts that were given back."""

    invoice_id: InvoiceId
    number: str | None
    conforms: bool
    lines: list[LineOut]
    documents: list[DeviationOut]


class ConformanceOut(BaseModel):
    """`conforms` is about the terms and the invoices of this page. A correction is shown with the invoice that it corrects."""

    subscription_id: SubscriptionId
    conforms: bool
    terms: list[TermOut]
    invoices: list[InvoiceOut]
    next_cursor: str | None


@router.get("/{subscription_id}/conformance")
def show(subscription_id: SubscriptionId, unit: ReadBilling, page: PageQuery) -> ConformanceOut:
    """Each invoice is made again with what the quotes said; amendments and pauses count as they were agreed. Voided
    and discarded invoices are left out."""
    subscription: Subscription | None = unit.state(SUBSCRIPTION, subscription_id)
    if subscription is None:
        raise SubscriptionNotFound("no such subscription")
    quotes: dict[int, Quote | None] = {term.number: unit.state(QUOTE, term.quote_id) for term in subscription.terms}
    lines = {term.number: quoted_line(subscription, term, quotes[term.number]) for term in subscription.terms}
    terms = [_term_out(subscription, term, lines[term.number], quotes[term.number]) for term in subscription.terms]

    def shown(row: RowMapping) -> InvoiceOut:
        return invoice_conformance(unit, row["invoice_id"], subscription, lines, quotes[1])

    listed = page_of(unit, invoices.originals_of(unit, subscription_id), table.c.invoice_id, page, shown)
    is_agreed = not any(term.deviations for term in terms) and all(invoice.conforms for invoice in listed.items)
    return ConformanceOut(
        subscription_id=subscription_id,
        conforms=is_agreed,
        terms=terms,
        invoices=listed.items,
        next_cursor=listed.next_cursor,
    )


def _term_out(subscription: Subscription, term: Term, line: AgreedLine | None, quote: Quote | None) -> TermOut:
    return TermOut(
        term_number=term.number,
        quote_id=term.quote_id,
        quote_version=quote and quote.version,
        starts_on=term.starts_on,
        ends_on=term.ends_on,
        deviations=[_deviation(each) for each in _of_term(subscription, term, line, quote)],
    )


def _of_term(
    subscription: Subscription, term: Term, quoted: AgreedLine | None, quote: Quote | None
) -> Iterator[Deviation]:
    yield from compare_term(subscription, term, quoted)
    if term.number == 1:
        yield from compare_once(subscription, quote)


def invoice_conformance(
    unit: UnitOfWork,
    id_: UUID,
    subscription: Subscription | None,
    quoted: dict[int, AgreedLine | None],
    once: Quote | None,
) -> InvoiceOut:
    """`quoted` are the lines of quotes by term, and `once` the quote whose one-offs it may charge for."""
    invoice: Invoice = unit.state(INVOICE, id_)
    owner = subscription.subscription_id if subscription else None
    history = [entry.event for entry in unit.history(INVOICE, id_)]
    found = invoiced_otherwise(history, log_of(unit, invoice), quoted, once, owner)
    number = invoice.facts.number if invoice.facts else ""
    mine = [line for line in invoice.lines if line.subscription_id in (None, owner)]
    lines = [_line(line, subscription, quoted, _of(found, number, line.number)) for line in mine]
    known = {line.number for line in lines}
    documents = [_difference(each) for each in found if each.document != number or each.line not in known]
    return InvoiceOut(
        invoice_id=id_,
        number=number or None,
        conforms=not documents and not any(line.deviations for line in lines),
        lines=lines,
        documents=documents,
    )


def _of(found: list[Difference], document: str, line: int) -> list[Difference]:
    return [each for each in found if (each.document, each.line) == (document, line)]


def _line(
    line: InvoiceLine, subscription: Subscription | None, quoted: dict[int, AgreedLine | None], found: list[Difference]
) -> LineOut:
    days = of_line(line, subscription, quoted.get(line.term_number)) if subscription else ()
    return LineOut(
        number=line.number,
        kind=line.kind,
        charge=line.charge,
        term_number=line.term_number,
        amendment=line.amendment,
        quote_id=line.quote_id,
        amount_minor=line.amount.minor,
        deviations=[*(_deviation(each) for each in days), *(_difference(each) for each in found)],
    )


def _deviation(each: Deviation) -> DeviationOut:
    return DeviationOut(what=each.what, charge=each.charge, agreed=_text(each.agreed), found=_text(each.found))


def _difference(each: Difference) -> DeviationOut:
    what = each.field if each.line else f"{each.document}: {each.field}"
    return DeviationOut(what=what, charge=None, agreed=_text(each.recomputed), found=_text(each.invoiced))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
