"""The documents of corrections: an invoice of its own for more, credit notes for less, or lines on the next invoice."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from services.billing.domain.correction import (
    Carried,
    Correction,
    CorrectionDocument,
    Share,
    allocate,
    merged,
)
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    AnswerCorrection,
    CreditCorrection,
    DraftInvoice,
    Number,
)
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import Answer, Header
from services.billing.domain.invoice.line_edits import LineEdit, edited
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.events import Bill, DeferredCorrection
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from services.billing.processes import wallets
from services.billing.processes.writing import Desk
from shared.orders import Order

Usage = Mapping[UUID, UsagePeriod]


def settle(
    subscription: Subscription, version: int, corrections: tuple[Correction, ...], found: Carried, desk: Desk
) -> Iterator[Order]:
    """An invoice of its own for more, credit notes for less, and nothing where no amount changes. The last of the
    corrections, which are all of one invoice, is named on the documents."""
    total = found.totals(subscription.currency).total
    documents: list[CorrectionDocument] = []
    answer: Answer = "unchanged"
    if total.minor >= 0 and not found.is_nothing(subscription.currency):
        documents, answer = [(yield from _bill(subscription, version, corrections[-1], found, desk))], "billed"
    elif total.minor < 0:
        documents = yield from _credit(subscription, corrections[-1], found, desk)
        answer = "credited" if documents else "unchanged"
    ids = tuple(correction.correction_id for correction in corrections)
    command = AnswerCorrection(correction_ids=ids, answer=answer, documents=tuple(documents))
    yield Order(INVOICE, corrections[-1].invoice_id, command)


def _bill(
    subscription: Subscription, version: int, correction: Correction, more: Carried, desk: Desk
) -> Generator[Order, None, CorrectionDocument]:
    """Issued at once, and due like any other of the term."""
    id_, corrected = uuid5(correction.correction_id, "invoice"), desk.invoice(correction.invoice_id).header.bill
    bill = Bill(
        invoice_id=id_,
        billing_on=subscription.day(desk.at),
        billed_at=desk.at,
        flat=(),
        usage=(),
        fees=(),
        tax=corrected.tax,
        taxation=corrected.taxation,
    )
    term = subscription.term(more.lines[0].term_number)
    header = Header(
        invoice_id=id_,
        subscription_id=subscription.subscription_id,
        subscription_version=version,
        party=subscription.party_on(bill.billing_on),
        legal_entity=desk.legal_entity,
        net_days=term.line.net_days,
        bill=bill,
        corrects=correction,
        purchase_order=term.purchase_order,
    )
    yield Order(INVOICE, id_, DraftInvoice(header=header, lines=more.lines, review_until=None, taxes=more.taxes))
    number = desk.next_number()
    yield from wallets.issue(desk.invoice(id_), number, None, desk)
    return CorrectionDocument(kind="invoice", invoice_id=id_, number=number.text, carried=more)


def _credit(
    subscription: Subscription, correction: Correction, less: Carried, desk: Desk
) -> Generator[Order, None, list[CorrectionDocument]]:
    invoice, documents = desk.invoice(correction.invoice_id), []
    shares = [Share(id_, carried, desk.invoice(id_).left) for id_, carried in invoice.shares().items()]
    for id_, part in allocate(less, shares, correction.invoice_id, subscription.currency):
        number = desk.next_credit_note()
        day, taken_back = subscription.day(desk.at), -part
        command = CreditCorrection(number=number, on=day, at=desk.at, corrects=correction, carried=taken_back)
        credited = desk.invoice(id_)
        yield Order(INVOICE, id_, command)
        yield from wallets.restore(credited, desk.invoice(id_), number.text, desk.at)
        documents.append(CorrectionDocument(kind="credit_note", invoice_id=id_, number=number.text, carried=part))
    return documents


def revisions_of(bill: Bill, usage: Usage) -> dict[UUID, int]:
    return {item.period_id: usage[item.period_id].revision for item in bill.usage}


def with_corrections(
    subscription: Subscription, bill: Bill, usage: Usage, edits: Sequence[LineEdit] = ()
) -> tuple[tuple[InvoiceLine, ...], tuple[DeferredCorrection, ...]]:
    """The lines of a draft with what people changed of it, and the corrections that it cannot take: nobody is sent an
    invoice below zero. Those of one invoice stay together, so that what went up and down again is neither billed nor
    credited."""
    currency = subscription.currency
    lines = edited(compose(subscription, bill, usage), edits, bill, currency)
    if Carried.of(lines, currency, bill.rounding).totals(currency).total.minor >= 0:
        return lines, ()
    families = _by_family(bill.corrections)
    less = {id_ for id_, together in families.items() if _sum(together).totals(currency).total.minor < 0}
    kept = tuple(c for c in bill.corrections if c.correction.invoice_id not in less)
    left_out = tuple(c for c in bill.corrections if c.correction.invoice_id in less)
    lines = compose(subscription, replace(bill, corrections=kept), usage)
    return edited(lines, edits, bill, currency), left_out


def taken_over(bill: Bill, lines: tuple[InvoiceLine, ...]) -> Bill:
    """The bill with those corrections only that the lines made of it have."""
    if not bill.corrections:
        return bill
    on_lines = {line.corrects.correction_id for line in lines if line.corrects}
    taken = tuple(c for c in bill.corrections if c.correction.correction_id in on_lines)
    return replace(bill, corrections=taken)


def settle_left_out(
    subscription: Subscription, version: int, left_out: Sequence[DeferredCorrection], desk: Desk
) -> Iterator[Order]:
    for together in _by_family(left_out).values():
        corrections = tuple(deferred.correction for deferred in together)
        yield from settle(subscription, version, corrections, _sum(together), desk)


def _by_family(deferred: Sequence[DeferredCorrection]) -> dict[UUID, list[DeferredCorrection]]:
    families: dict[UUID, list[DeferredCorrection]] = {}
    for one in deferred:
        families.setdefault(one.correction.invoice_id, []).append(one)
    return families


def _sum(together: Sequence[DeferredCorrection]) -> Carried:
    return merged([one.carried for one in together], together[0].correction.invoice_id)


def on_issued(invoice: Invoice, number: Number) -> Iterator[Order]:
    """The lines that corrected earlier invoices are their answer."""
    for deferred in taken_over(invoice.header.bill, invoice.lines).corrections:
        document = CorrectionDocument(
            kind="line", invoice_id=invoice.header.invoice_id, number=number.text, carried=deferred.carried
        )
        id_, family = deferred.correction.correction_id, deferred.correction.invoice_id
        more = deferred.carried.totals(invoice.totals.total.currency).total.minor >= 0
        answer: Answer = "billed" if more else "credited"
        command = AnswerCorrection(correction_ids=(id_,), answer=answer, documents=(document,))
        yield Order(INVOICE, family, command)


def on_discarded(subscription: Subscription, version: int, draft: Invoice, desk: Desk) -> Iterator[Order]:
    """What the draft would have corrected is answered at once, as where no other invoice follows."""
    yield from settle_left_out(subscription, version, taken_over(draft.header.bill, draft.lines).corrections, desk)
