"""What wallets say in accounts: paid credit is owed until it is drawn, promotional credit is taken off revenue then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.billing.domain.ledger.posting import Account, Entry, EntryKind, Posting, Subject
from services.billing.domain.ledger.telling import Telling
from services.billing.domain.wallet.events import (
    CreditDrawn,
    CreditExpired,
    CreditGranted,
    CreditRestored,
    CreditRevoked,
    WalletFacts,
)
from shared.money import Money


def granted(told: Telling[CreditGranted]) -> Iterator[Entry]:
    """What the customer had paid ahead is credit now; what a charge includes is taken off its revenue, to be earned when it is
    used. Credit that is given away is nothing before it pays something."""
    event = told.event
    if not event.facts.promotional:
        source: Account = _source(event.payment_id)
        yield _entry("credit_grant", event.facts, event.granted_on, (source, "prepaid_credit"), event.amount)


def drawn(told: Telling[CreditDrawn]) -> Iterator[Entry]:
    event = told.event
    accounts: tuple[Account, Account] = (_account(event.facts), "receivables")
    yield _entry("drawdown", event.facts, event.on, accounts, event.amount, (event.invoice_id, event.invoice))


def restored(told: Telling[CreditRestored]) -> Iterator[Entry]:
    event = told.event
    accounts: tuple[Account, Account] = ("receivables", _account(event.facts))
    yield _entry("restoration", event.facts, event.on, accounts, event.amount, (event.invoice_id, event.invoice))


def expired(told: Telling[CreditExpired]) -> Iterator[Entry]:
    """What was paid for and is not used by then is earned."""
    event = told.event
    if event.amount.minor and not event.facts.promotional:
        yield _entry("credit_expiry", event.facts, event.on, ("prepaid_credit", "breakage"), event.amount)


def revoked(told: Telling[CreditRevoked]) -> Iterator[Entry]:
    event = told.event
    if not event.facts.promotional:
        accounts: tuple[Account, Account] = ("prepaid_credit", _source(event.payment_id))
        yield _entry("revocation", event.facts, event.on, accounts, event.amount)


def _source(payment_id: UUID | None) -> Account:
    return "included_credit" if payment_id is None else "unapplied_cash"


def _account(facts: WalletFacts) -> Account:
    return "promotional_credit" if facts.promotional else "prepaid_credit"


def _entry(
    kind: EntryKind,
    facts: WalletFacts,
    on: date,
    accounts: tuple[Account, Account],
    amount: Money,
    invoice: tuple[UUID, str] | None = None,
) -> Entry:
    """From the first account, which is debited, to the second."""
    invoice_id, number = invoice or (None, None)
    subject = Subject(
        customer_id=facts.customer_id, customer=facts.customer_key, invoice_id=invoice_id, document=number
    )
    debit, credit = accounts
    postings = (Posting(account=debit, amount=amount), Posting(account=credit, amount=-amount))
    return Entry(kind=kind, effective_on=on, subject=subject, postings=postings)
