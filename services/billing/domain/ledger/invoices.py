"""What invoices and credit notes say in accounts: what is owed, the tax in it, and revenue that is earned or deferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from services.billing.domain.correction import Carried
from services.billing.domain.invoice.events import (
    CreditNoteIssued,
    Facts,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceRecalculated,
    InvoiceVoided,
)
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.ledger.posting import Account, Entry, EntryKind, Posting, Subject
from services.billing.domain.ledger.recognition import Stretch, stretches
from services.billing.domain.ledger.telling import Telling
from shared.money import Money
from shared.periods import local_day


def issued(told: Telling[InvoiceIssued]) -> Iterator[Entry]:
    """Receivables for the total; tax by rate; each line as revenue, or deferred and recognised month by month."""
    facts = told.event.facts
    owed = _owed("receivables", facts.total)
    yield from _entries("invoice", facts.issued_on, _subject(facts), owed, [_carried(told.before)])


def voided(told: Telling[InvoiceVoided]) -> Iterator[Entry]:
    """All of it is taken back on the day on which it was made void."""
    facts = told.event.facts
    on = local_day(told.occurred_at, facts.party.zone)
    owed = _owed("receivables", -facts.total)
    yield from _entries("void", on, _subject(facts), owed, [-_carried(told.before)])


def credited(told: Telling[CreditNoteIssued]) -> Iterator[Entry]:
    """What is open is taken back, what had been paid is owed to the customer."""
    note = told.event
    owed = [
        *_owed("receivables", note.refundable - note.amount),
        *_owed("customer_credit", -note.refundable),
    ]
    subject = replace(_subject(note.facts), document=note.credit_note_number)
    yield from _entries("credit_note", note.issued_on, subject, owed, _taken_back(told))


def _taken_back(told: Telling[CreditNoteIssued]) -> list[Carried]:
    """A note over a correction has its lines; one over the rest takes back the invoice, less what notes took before."""
    if told.event.corrects is not None:
        return [-told.event.carried]
    notes = (event.carried for event in told.before if isinstance(event, CreditNoteIssued))
    return [-_carried(told.before), *notes]


def _carried(before: Sequence[object]) -> Carried:
    """The lines and taxes of the draft as it was last."""
    drafts = [event for event in before if isinstance(event, InvoiceDrafted | InvoiceRecalculated)]
    return Carried(lines=drafts[-1].lines, taxes=drafts[-1].totals.taxes)


def _entries(
    kind: EntryKind, on: date, subject: Subject, owed: Sequence[Posting], parts: Sequence[Carried]
) -> Iterator[Entry]:
    """The document's own entry, then what is recognised of it afterwards."""
    postings, later = list(owed), list[Entry]()
    for carried in parts:
        for line in carried.lines:
            plan = stretches(line, line.amount, on)
            postings += _revenue("deferred_revenue" if plan else "revenue", line)
            later += (_recognition(line, stretch, subject) for stretch in plan)
        postings += _taxes(carried.taxes)
    kept = tuple(posting for posting in postings if posting.amount.minor)
    if kept:
        yield Entry(kind=kind, effective_on=on, subject=subject, postings=kept)
    yield from (entry for entry in later if entry.postings[0].amount.minor)


def _owed(account: Account, amount: Money) -> list[Posting]:
    return [Posting(account=account, amount=amount)]


def _revenue(account: Account, line: InvoiceLine) -> list[Posting]:
    return [Posting(account=account, amount=-line.amount, revenue_class=line.revenue_class, line=line.number)]


def _taxes(taxes: Mapping[str, Money]) -> list[Posting]:
    return [Posting(account="tax_payable", amount=-tax, tax_rate=rate) for rate, tax in taxes.items()]


def _recognition(line: InvoiceLine, stretch: Stretch, subject: Subject) -> Entry:
    common = {"revenue_class": line.revenue_class, "line": line.number}
    return Entry(
        kind="recognition",
        effective_on=stretch.earned_on,
        subject=subject,
        postings=(
            Posting(account="deferred_revenue", amount=stretch.amount, **common),  # type: ignore[arg-type]
            Posting(account="revenue", amount=-stretch.amount, **common),  # type: ignore[arg-type]
        ),
        stretch=stretch,
    )


def _subject(facts: Facts) -> Subject:
    return Subject(
        customer_id=facts.party.customer_id,
        customer=facts.party.key,
        invoice_id=facts.invoice_id,
        document=facts.number,
    )
