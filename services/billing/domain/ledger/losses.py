"""What is written off says in accounts, and what of it comes in after all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.billing.domain.invoice.events import Facts, InvoiceRecovered, InvoiceWrittenOff
from services.billing.domain.ledger.invoices import subject_of
from services.billing.domain.ledger.posting import Account, Entry, EntryKind, Posting
from services.billing.domain.ledger.telling import Telling
from shared.money import Money


def written_off(told: Telling[InvoiceWrittenOff]) -> Iterator[Entry]:
    """A loss, with the tax in it: what a tax office gives back is claimed there, and not taken off what is payable."""
    event = told.event
    yield _entry("write_off", event.facts, event.on, "write_off", event.amount)


def recovered(told: Telling[InvoiceRecovered]) -> Iterator[Entry]:
    """It is owed again, so that the payment pays it like any other invoice."""
    event = told.event
    yield _entry("recovery", event.facts, event.on, "recovery", -event.amount)


def _entry(kind: EntryKind, facts: Facts, on: date, account: Account, amount: Money) -> Entry:
    postings = (Posting(account=account, amount=amount), Posting(account="receivables", amount=-amount))
    return Entry(kind=kind, effective_on=on, subject=subject_of(facts), postings=postings)
