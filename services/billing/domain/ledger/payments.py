"""What payments say in accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.invoice.events import PaymentAllocated
from services.billing.domain.ledger.posting import Entry, EntryKind, Posting, Subject
from services.billing.domain.ledger.telling import Telling
from services.billing.domain.payment.events import (
    Moved,
    PaymentApplied,
    PaymentChargedBack,
    PaymentFacts,
    PaymentReceived,
    PaymentRefunded,
    PaymentWithdrawn,
    moved,
)
from shared.periods import local_day


def allocated(told: Telling[PaymentAllocated]) -> Iterator[Entry]:
    """Cash pays what was owed, on the customer's day on which it was received; where the payment has a stream of its own,
    that says it."""
    event, facts = told.event, told.event.facts
    if event.allocation_id is not None:
        return
    subject = Subject(
        customer_id=facts.party.customer_id,
        customer=facts.party.key,
        invoice_id=facts.invoice_id,
        document=facts.number,
    )
    postings = (
        Posting(account="cash", amount=event.amount),
        Posting(account="receivables", amount=-event.amount),
    )
    on = local_day(event.received_at, facts.party.zone)
    yield Entry(kind="payment", effective_on=on, subject=subject, postings=postings)


def received(told: Telling[PaymentReceived]) -> Iterator[Entry]:
    facts = told.event.facts
    yield _entry("payment", facts, facts.received_on, told.event.moved)


def applied(told: Telling[PaymentApplied]) -> Iterator[Entry]:
    event = told.event
    yield _entry(
        "application", event.facts, _day(event.facts, event.applied_at), event.moved, (event.invoice_id, event.invoice)
    )


def withdrawn(told: Telling[PaymentWithdrawn]) -> Iterator[Entry]:
    event, returned = told.event, told.event.returned
    about = (returned.invoice_id, returned.invoice)
    yield _entry("application", event.facts, _day(event.facts, event.withdrawn_at), event.moved, about)


def refunded(told: Telling[PaymentRefunded]) -> Iterator[Entry]:
    event = told.event
    yield _entry("refund", event.facts, _day(event.facts, event.refunded_at), event.moved)


def charged_back(told: Telling[PaymentChargedBack]) -> Iterator[Entry]:
    """An entry for each invoice that is owed again, and one for what had been unapplied."""
    event, currency = told.event, told.event.amount.currency
    on = _day(event.facts, event.charged_back_at)
    for returned in event.returned:
        reopened, refundable = returned.reopened.minor, returned.refundable.minor
        part = moved(currency, cash=-returned.amount.minor, receivable=reopened, refundable=-refundable)
        yield _entry("chargeback", event.facts, on, part, (returned.invoice_id, returned.invoice))
    if event.moved.unapplied.minor:
        part = moved(currency, cash=event.moved.unapplied.minor, unapplied=event.moved.unapplied.minor)
        yield _entry("chargeback", event.facts, on, part)


def _day(facts: PaymentFacts, at: datetime) -> date:
    return local_day(at, facts.zone)


def _entry(
    kind: EntryKind, facts: PaymentFacts, on: date, change: Moved, invoice: tuple[UUID, str] | None = None
) -> Entry:
    """On the customer's day."""
    invoice_id, number = invoice or (None, None)
    subject = Subject(
        customer_id=facts.customer_id, customer=facts.customer_key, invoice_id=invoice_id, document=number
    )
    return Entry(kind=kind, effective_on=on, subject=subject, postings=_postings(change))


def _postings(change: Moved) -> tuple[Posting, ...]:
    """What we hold and what is owed to us are debits, what we owe the customer is a credit."""
    postings = (
        Posting(account="cash", amount=change.cash),
        Posting(account="receivables", amount=change.receivable),
        Posting(account="unapplied_cash", amount=-change.unapplied),
        Posting(account="customer_credit", amount=-change.refundable),
    )
    return tuple(posting for posting in postings if posting.amount.minor)
