"""What payments say in accounts."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.invoice.events import PaymentAllocated
from services.billing.domain.ledger.posting import Entry, Posting, Subject
from services.billing.domain.ledger.telling import Telling
from shared.periods import local_day


def allocated(told: Telling[PaymentAllocated]) -> Iterator[Entry]:
    """Cash pays what was owed, on the customer's day on which it was received."""
    event, facts = told.event, told.event.facts
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
