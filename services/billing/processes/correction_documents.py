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
from services.billing.domain.invoice.events import Answer
from services.billing.domain.invoice.header import Header, Part
from services.billing.domain.invoice.line_edits import LineEdit, edited
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.together import composed
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.bill_parts import DeferredCorrection
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from services.billing.processes import wallets
from services.billing.processes.writing import Contracts, Desk
from shared.orders import Order

Usage = Mapping[UUID, UsagePeriod]
# Corrections that an invoice does not take, by the subscription whose bill had them.
LeftOut = Mapping[UUID, Sequence[DeferredCorrection]]


def settle(
    subscription: Subscription, version: int, corrections: tuple[Correction, ...], found: Carried, desk: Desk
) -> Iterator[Order]:
    """An invoice of its own for more, credit notes for less, and nothing where no amount changes. The last of the
    corrections, which are all of one invoice, is named on the documents."""
    total = found.totals(subscription.currency).total
    documents: list[CorrectionDocument] = []
    answer: Answer = "unchanged"
    if total.minor >= 0 and found.lines and not found.is_nothing(subscription.currency):
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
    term = subscription.term(more.lines[0].term_number)
    bill = _bill_of(subscription, correction, desk)
    header = Header(
        invoice_id=bill.invoice_id,
        subscription_id=subscription.subscription_id,
        subscription_version=version,
        party=subscription.party_on(bill.billing_on),
        legal_entity=desk.legal_entity,
        net_days=term.line.net_days,
        bill=bill,
        corrects=correction,
        purchase_order=term.purchase_order,
    )
    id_, draft = bill.invoice_id, DraftInvoice(header=header, lines=more.lines, review_until=None, taxes=more.taxes)
    yield Order(INVOICE, id_, draft)
    number = desk.next_number()
    yield from wallets.issue(desk.invoice(id_), number, None, desk)
    return CorrectionDocument(kind="invoice", invoice_id=id_, number=number.text, carried=more)


def _bill_of(subscription: Subscription, correction: Correction, desk: Desk) -> Bill:
    """Of nothing but the correction, taxed as what it corrects."""
    corrected = desk.invoice(correction.invoice_id).header.bill
    return Bill(
        invoice_id=uuid5(correction.correction_id, "invoice"),
        billing_on=subscription.day(desk.at),
        billed_at=desk.at,
        flat=(),
        usage=(),
        fees=(),
        tax=corrected.tax,
        taxation=corrected.taxation,
    )


def _credit(
    subscription: Subscription, correction: Correction, less: Carried, desk: Desk
) -> Generator[Order, None, list[CorrectionDocument]]:
    invoice, documents = desk.invoice(correction.invoice_id), []
    shares = [
        Share(id_, carried, desk.invoice(id_).left)
        for id_, carried in _shares(invoice, desk).items()
        if _is_of(subscription, invoice, carried, desk.invoice(id_))
    ]
    for id_, part in allocate(less, shares, correction.invoice_id, subscription.currency):
        number = desk.next_credit_note()
        day, taken_back = subscription.day(desk.at), -part
        command = CreditCorrection(number=number, on=day, at=desk.at, corrects=correction, carried=taken_back)
        credited = desk.invoice(id_)
        yield Order(INVOICE, id_, command)
        yield from wallets.restore(credited, desk.invoice(id_), number.text, desk.at)
        documents.append(CorrectionDocument(kind="credit_note", invoice_id=id_, number=number.text, carried=part))
    return documents


def _shares(invoice: Invoice, desk: Desk) -> dict[UUID, Carried]:
    """What each document carries of an invoice, the oldest first: what interim invoices billed of it comes before it."""
    mine = invoice.shares()
    interims = {id_: desk.invoice(id_).shares()[id_] for id_ in invoice.header.interim_ids}
    family = invoice.header.invoice_id
    before = {id_: merged([own, mine.get(id_, Carried())], family) for id_, own in interims.items()}
    return before | {id_: carried for id_, carried in mine.items() if id_ not in before}


def _is_of(subscription: Subscription, corrected: Invoice, carried: Carried, document: Invoice) -> bool:
    """Of a consolidated invoice nothing is credited on a document of the usage of another subscription alone."""
    if not corrected.header.parts or document.header.subscription_id == subscription.subscription_id:
        return True
    return any(line.subscription_id == subscription.subscription_id for line in carried.lines)


def revisions_of(header: Header, usage: Usage) -> dict[UUID, int]:
    return {item.period_id: usage[item.period_id].revision for item in header.metered}


def rated(
    header: Header,
    parts: Sequence[Part],
    contract: Contracts,
    usage: Usage,
    edits: Sequence[LineEdit],
    *,
    is_whole: bool = False,
) -> tuple[InvoiceLine, ...]:
    """The lines by the contracts of now, with what people changed of the draft; `is_whole` is of all documents together."""
    lines = composed(header, parts, lambda part: contract(part.subscription_id)[0], usage, is_whole=is_whole)
    return edited(lines, edits, header.bill, header.party.currency)


def with_corrections(
    header: Header, parts: Sequence[Part], contract: Contracts, usage: Usage, edits: Sequence[LineEdit] = ()
) -> tuple[tuple[InvoiceLine, ...], LeftOut]:
    """The lines of a draft with what people changed of it, and the corrections that it cannot take: nobody is sent an
    invoice below zero. Those of one invoice stay together, so that what went up and down again is neither billed nor
    credited."""
    currency = header.party.currency
    lines = rated(header, parts, contract, usage, edits)
    if not any(part.bill.corrections for part in parts):
        return lines, {}
    if Carried.of(lines, currency, header.bill.rounding).totals(currency).total.minor >= 0:
        return lines, {}
    families = _by_family([c for part in parts for c in part.bill.corrections])
    less = {id_ for id_, together in families.items() if _sum(together).totals(currency).total.minor < 0}
    kept = [_with(part, [c for c in part.bill.corrections if c.correction.invoice_id not in less]) for part in parts]
    left_out: dict[UUID, list[DeferredCorrection]] = {}
    for part in parts:
        found = [c for c in part.bill.corrections if c.correction.invoice_id in less]
        left_out.setdefault(part.subscription_id, []).extend(found)
    return rated(header, kept, contract, usage, edits), left_out


def _with(part: Part, corrections: Sequence[DeferredCorrection]) -> Part:
    return replace(part, bill=replace(part.bill, corrections=tuple(corrections)))


def taken_over(header: Header, lines: Sequence[InvoiceLine]) -> tuple[Part, ...]:
    """The bills with those corrections only that the lines made of them have."""
    if not any(part.bill.corrections for part in header.bills):
        return header.bills
    on_lines = {line.corrects.correction_id for line in lines if line.corrects}
    return tuple(
        _with(part, [c for c in part.bill.corrections if c.correction.correction_id in on_lines])
        for part in header.bills
    )


def settle_left_out(left_out: LeftOut, contract: Contracts, desk: Desk) -> Iterator[Order]:
    for subscription_id, deferred in left_out.items():
        subscription, version = contract(subscription_id)
        for together in _by_family(deferred).values():
            corrections = tuple(each.correction for each in together)
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
    taken = (c for part in taken_over(invoice.header, invoice.lines) for c in part.bill.corrections)
    for deferred in taken:
        document = CorrectionDocument(
            kind="line", invoice_id=invoice.header.invoice_id, number=number.text, carried=deferred.carried
        )
        id_, family = deferred.correction.correction_id, deferred.correction.invoice_id
        more = deferred.carried.totals(invoice.totals.total.currency).total.minor >= 0
        answer: Answer = "billed" if more else "credited"
        command = AnswerCorrection(correction_ids=(id_,), answer=answer, documents=(document,))
        yield Order(INVOICE, family, command)


def on_discarded(draft: Invoice, contract: Contracts, desk: Desk) -> Iterator[Order]:
    """What the draft would have corrected is answered at once, as where no other invoice follows."""
    left_out: dict[UUID, list[DeferredCorrection]] = {}
    for part in taken_over(draft.header, draft.lines):
        left_out.setdefault(part.subscription_id, []).extend(part.bill.corrections)
    yield from settle_left_out(left_out, contract, desk)
