"""What invoices and credit notes say in accounts: what is owed, the tax in it, and revenue that is earned or deferred."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import Any

from services.billing.domain.correction import Carried
from services.billing.domain.invoice.edit_events import InvoiceLineEdited
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
from services.billing.domain.ledger.recognition import Stretch, stretches, unused_stretches, used_stretches
from services.billing.domain.ledger.taxed import added_up, taxed_amounts
from services.billing.domain.ledger.telling import Telling
from services.billing.domain.tax_status import TaxStatus
from shared.money import Money
from shared.periods import local_day


@dataclass(frozen=True, slots=True)
class _Part:
    """What a document carries, and how much of each line is deferred: that is what is recognised of it later."""

    carried: Carried
    later: Callable[[InvoiceLine], Sequence[Stretch]]


def issued(told: Telling[InvoiceIssued]) -> Iterator[Entry]:
    """Receivables for the total; tax by rate; each line as revenue, or deferred and recognised month by month."""
    facts = told.event.facts
    owed = _owed("receivables", facts.total)
    part = _whole(_carried(told.before), facts.issued_on)
    yield from _entries("invoice", facts.issued_on, subject_of(facts), owed, [part], _status(told.before))


def voided(told: Telling[InvoiceVoided]) -> Iterator[Entry]:
    """All of it is taken back on the day on which it was made void."""
    facts = told.event.facts
    on = local_day(told.occurred_at, facts.party.zone)
    owed = _owed("receivables", -facts.total)
    part = _whole(-_carried(told.before), on)
    yield from _entries("void", on, subject_of(facts), owed, [part], _status(told.before))


def credited(told: Telling[CreditNoteIssued]) -> Iterator[Entry]:
    """What is open is taken back, what was written off is no loss any more, what had been paid is owed to the customer."""
    note = told.event
    forgiven = note.forgiven or Money.zero(note.amount.currency)
    owed = [
        *_owed("receivables", note.refundable + forgiven - note.amount),
        *_owed("write_off", -forgiven),
        *_owed("customer_credit", -note.refundable),
    ]
    subject = replace(subject_of(note.facts), document=note.credit_note_number)
    yield from _entries("credit_note", note.issued_on, subject, owed, _taken_back(told), _status(told.before))


def _taken_back(told: Telling[CreditNoteIssued]) -> list[_Part]:
    """A note with lines takes these back; one over the rest takes back the invoice, less what notes took before."""
    on, invoice = told.event.issued_on, _carried(told.before)
    notes = [event for event in told.before if isinstance(event, CreditNoteIssued)]
    if told.event.corrects is not None or told.event.carried.lines:
        return [_of_note(told.event, -told.event.carried, invoice, notes, on)]
    before = (_of_note(note, note.carried, invoice, notes[:n], on) for n, note in enumerate(notes))
    return [_whole(-invoice, on), *before]


def _whole(carried: Carried, on: date) -> _Part:
    """Lines are earned as their policies say."""
    return _Part(carried, lambda line: stretches(line, line.amount, on))


def _of_note(
    note: CreditNoteIssued, carried: Carried, invoice: Carried, earlier: Sequence[CreditNoteIssued], on: date
) -> _Part:
    """Credit for unused time ends the recognition of the lines that it is of; what it gives back beside that was earned, and
    so is what people give back of these days afterwards."""
    if note.is_given:
        unused = [part for each in earlier if each.subscription_version is not None for part in each.carried.lines]
        return _Part(carried, partial(_given, unused, on))
    if note.subscription_version is None:
        return _whole(carried, on)
    given = [part for each in earlier if each.is_given for part in each.carried.lines]
    return _Part(carried, partial(_unused, {line.number: line for line in invoice.lines}, given, on))


def _given(unused: Sequence[InvoiceLine], on: date, line: InvoiceLine) -> Sequence[Stretch]:
    until = min((part.starts_on for part in unused if _line_of(part) == _line_of(line)), default=None)
    return stretches(line, line.amount, on) if until is None else used_stretches(line, until, on)


def _unused(
    charged: Mapping[int, InvoiceLine], given: Sequence[InvoiceLine], on: date, line: InvoiceLine
) -> Sequence[Stretch]:
    """What people gave back before is not deferred any more."""
    number = _line_of(line)
    if number is None:
        return stretches(line, line.amount, on)
    less = (_negative(part) for part in given if _line_of(part) == number)
    standing = [charged[number], *less]
    mirrored = standing if line.amount.minor > 0 else map(_negative, standing)
    return [stretch for each in mirrored for stretch in unused_stretches(each, line.starts_on, on)]


def _negative(line: InvoiceLine) -> InvoiceLine:
    return replace(line, amount=-line.amount)


def _line_of(line: InvoiceLine) -> int | None:
    return line.corrects.line if line.corrects else None


def _carried(before: Sequence[object]) -> Carried:
    """The lines and taxes of the draft as it was last."""
    drafts = [event for event in before if isinstance(event, InvoiceDrafted | InvoiceRecalculated | InvoiceLineEdited)]
    return Carried(lines=drafts[-1].lines, taxes=drafts[-1].totals.taxes)


def _status(before: Sequence[object]) -> TaxStatus | None:
    """The one that the customer had on the billing day."""
    return next(event.header.bill.tax for event in before if isinstance(event, InvoiceDrafted))


def _entries(
    kind: EntryKind,
    on: date,
    subject: Subject,
    owed: Sequence[Posting],
    parts: Sequence[_Part],
    status: TaxStatus | None,
) -> Iterator[Entry]:
    """The document's own entry, then what is recognised of it afterwards."""
    postings, later = list(owed), list[Entry]()
    for part in parts:
        for line in part.carried.lines:
            plan = part.later(line)
            postings += _revenue(line, Money.total((stretch.amount for stretch in plan), line.amount.currency))
            later += (_recognition(line, stretch, subject) for stretch in plan)
        postings += _taxes(part.carried.taxes)
    kept = tuple(posting for posting in postings if posting.amount.minor)
    if kept:
        taxed = chain(*(taxed_amounts(part.carried.lines, part.carried.taxes, status) for part in parts))
        yield Entry(kind=kind, effective_on=on, subject=subject, postings=kept, taxed=added_up(taxed))
    yield from (entry for entry in later if entry.postings[0].amount.minor)


def _owed(account: Account, amount: Money) -> list[Posting]:
    return [Posting(account=account, amount=amount)]


def _revenue(line: InvoiceLine, deferred: Money) -> list[Posting]:
    amounts: dict[Account, Money] = {"deferred_revenue": -deferred, "revenue": deferred - line.amount}
    return [Posting(account=account, amount=amount, **_dimensions(line)) for account, amount in amounts.items()]


def _dimensions(line: InvoiceLine) -> dict[str, Any]:
    return {"revenue_class": line.revenue_class, "line": line.number, "cost_centre": line.cost_centre}


def _taxes(taxes: Mapping[str, Money]) -> list[Posting]:
    """In the order of their names: that of the event is another one once it was stored."""
    return [Posting(account="tax_payable", amount=-tax, tax_rate=rate) for rate, tax in sorted(taxes.items())]


def _recognition(line: InvoiceLine, stretch: Stretch, subject: Subject) -> Entry:
    common = _dimensions(line)
    return Entry(
        kind="recognition",
        effective_on=stretch.earned_on,
        subject=subject,
        postings=(
            Posting(account="deferred_revenue", amount=stretch.amount, **common),
            Posting(account="revenue", amount=-stretch.amount, **common),
        ),
        stretch=stretch,
    )


def subject_of(facts: Facts) -> Subject:
    return Subject(
        customer_id=facts.party.customer_id,
        customer=facts.party.key,
        invoice_id=facts.invoice_id,
        document=facts.number,
    )
