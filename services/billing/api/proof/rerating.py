"""/v1/rerating/preview: what other usage of past periods would do to invoices, before anybody says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.billing.api.access import PreviewRerating
from services.billing.api.catalogue.plan_forms import Form
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod, UsagePeriodNotFound
from services.billing.processes import truing_up
from services.billing.processes.rerating import Foreseen, Kind, Trial, unchanged
from services.billing.projections.invoices import invoice_parts
from services.billing.projections.subscriptions import usage_periods
from shared.errors import DomainError
from shared.http.fields import DecimalText
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/rerating", tags=["rerating"], route_class=TransactionalRoute)

PeriodId = Annotated[UUID, prefixed("per")]
InvoiceId = Annotated[UUID, prefixed("inv")]


class PeriodNamedTwice(DomainError):
    """What a period came to is said once."""


class TotalForm(Form):
    group: Annotated[str, Field(max_length=2000)] = ""
    quantity: DecimalText
    count: Annotated[int, Field(strict=True, ge=0, lt=2**53)]
    digest: Annotated[str, Field(max_length=64)] = ""

    def total(self) -> PeriodTotal:
        return PeriodTotal(group=self.group, quantity=self.quantity, count=self.count, digest=self.digest)


class PeriodForm(Form):
    """All that the period would come to, as `after` in the preview of a backfill."""

    period_id: PeriodId
    totals: Annotated[list[TotalForm], Field(max_length=10_000)]


class RevisionsIn(Form):
    """In the order in which they would be told."""

    periods: Annotated[list[PeriodForm], Field(min_length=1, max_length=1000)]


class AmountOut(BaseModel):
    """total = net + tax; what would be given back is negative."""

    net_minor: int
    tax_minor: int
    total_minor: int


class DocumentOut(AmountOut):
    """`draft` is changed, `invoice` is a new one, `credit_note` is on the invoice `invoice_id`; `next_invoice` waits, and
    `ignored` is only noted. Of a credit note `refundable_minor` was paid."""

    kind: Kind
    invoice_id: InvoiceId | None
    refundable_minor: int


class InvoiceOut(AmountOut):
    """What the invoice and its corrections would come to more, or less; what is ignored is no part of it."""

    invoice_id: InvoiceId
    number: str | None
    customer: str
    currency: str
    documents: list[DocumentOut]


class CustomerOut(AmountOut):
    customer: str
    currency: str


class CurrencyOut(AmountOut):
    currency: str


class ReratingOut(BaseModel):
    """`not_billed` are periods that no invoice has so far: what they come to is billed when they close; `unchanged` ones come
    to what is known."""

    totals: list[CurrencyOut]
    customers: list[CustomerOut]
    invoices: list[InvoiceOut]
    not_billed: list[PeriodId]
    unchanged: list[PeriodId]


@router.post("/preview")
def preview(body: RevisionsIn, unit: PreviewRerating) -> ReratingOut:
    """As if usage told these revisions now, one after the other, by the rules that answer them. Nothing is written."""
    _refuse_repeated(body.periods)
    trial = Trial(unit.state, unit.version, lambda id_: [e.event for e in unit.history(USAGE_PERIOD, id_)], unit.now)
    found: dict[UUID, list[Foreseen]] = {}
    not_billed, same = [], []
    for form in body.periods:
        totals, invoice_id = tuple(total.total() for total in form.totals), _invoice(unit, form.period_id)
        if unchanged(trial.state(USAGE_PERIOD, form.period_id), totals):
            same.append(form.period_id)
        elif invoice_id is None:
            not_billed.append(form.period_id)
        else:
            true_up_id = _true_up(unit, form.period_id)
            for id_, foreseen in trial.revise(form.period_id, totals, invoice_id, true_up_id).items():
                found.setdefault(id_, []).extend(foreseen)
    invoices = [_shown(unit.state(INVOICE, id_), id_, foreseen) for id_, foreseen in found.items()]
    customers = [
        CustomerOut(customer=customer, currency=currency, **_sum(alike))
        for (customer, currency), alike in _grouped(invoices, "customer", "currency")
    ]
    totals_out = [CurrencyOut(currency=key[0], **_sum(alike)) for key, alike in _grouped(invoices, "currency")]
    return ReratingOut(totals=totals_out, customers=customers, invoices=invoices, not_billed=not_billed, unchanged=same)


def _refuse_repeated(periods: list[PeriodForm]) -> None:
    seen: set[UUID] = set()
    for index, form in enumerate(periods):
        if form.period_id in seen:
            raise PeriodNamedTwice("name each period once", field=f"/periods/{index}/period_id")
        seen.add(form.period_id)


def _invoice(unit: UnitOfWork, period_id: UUID) -> UUID | None:
    period: UsagePeriod | None = unit.state(USAGE_PERIOD, period_id)
    if period is None:
        raise UsagePeriodNotFound("billing never asked for this usage period", field="/periods")
    return usage_periods.invoice_of(unit, period_id)


def _true_up(unit: UnitOfWork, period_id: UUID) -> UUID | None:
    period: UsagePeriod = unit.state(USAGE_PERIOD, period_id)
    bill_id = truing_up.bill_of(unit.state(SUBSCRIPTION, period.subscription_id), period)
    return bill_id and invoice_parts.invoice_of(unit, bill_id)


def _shown(invoice: Invoice, id_: UUID, foreseen: list[Foreseen]) -> InvoiceOut:
    party = invoice.header.party
    documents = [_document(each) for each in foreseen]
    return InvoiceOut(
        invoice_id=id_,
        number=invoice.facts.number if invoice.facts else None,
        customer=party.key,
        currency=party.currency,
        documents=documents,
        **_sum(document for document in documents if document.kind != "ignored"),
    )


def _document(foreseen: Foreseen) -> DocumentOut:
    return DocumentOut(
        kind=foreseen.kind,
        invoice_id=None if foreseen.kind == "invoice" else foreseen.invoice_id,
        net_minor=foreseen.net,
        tax_minor=foreseen.tax,
        total_minor=foreseen.total,
        refundable_minor=foreseen.refundable,
    )


def _grouped(invoices: list[InvoiceOut], *names: str) -> list[tuple[tuple[str, ...], list[InvoiceOut]]]:
    groups: dict[tuple[str, ...], list[InvoiceOut]] = {}
    for invoice in invoices:
        groups.setdefault(tuple(getattr(invoice, name) for name in names), []).append(invoice)
    return sorted(groups.items(), key=lambda group: group[0])


def _sum(amounts: Iterable[AmountOut]) -> dict[str, int]:
    together = list(amounts)
    names = ("net_minor", "tax_minor", "total_minor")
    return {name: sum(getattr(amount, name) for amount in together) for name in names}
