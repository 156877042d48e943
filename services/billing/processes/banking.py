"""Entries of bank statements become payments where it is certain who paid; the others wait for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.billing.domain.bank_entry import (
    BANK,
    BANK_ENTRY,
    BankEntry,
    ImportEntry,
    KnownEntry,
    Match,
    MatchEntry,
    entry_id,
)
from services.billing.domain.payment.allocation import Share
from services.billing.domain.payment.events import PaymentFacts
from services.billing.domain.payment.matching import CERTAIN_ENOUGH, OpenBook, find
from services.billing.domain.payment.state import Payment, payment_id
from services.billing.processes import paying
from shared.orders import Order
from shared.periods import start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Where entries are looked at: what is known of them, of payments, and in which zone a customer lives."""

    tenant_id: UUID
    entry: Callable[[UUID], KnownEntry | None]
    payment: Callable[[UUID], Payment | None]
    zone: Callable[[UUID], str]


def on_statement(entries: Iterable[BankEntry], counter: Counter, book: OpenBook) -> Iterator[Order]:
    """Each entry once, however often it comes."""
    for entry in entries:
        id_ = entry_id(counter.tenant_id, entry)
        is_new = counter.entry(id_) is None
        found = find(entry, book) if is_new and entry.is_paid_in else None
        is_certain = found is not None and found.match.confidence >= CERTAIN_ENOUGH
        suggestion = found.match if found is not None and not is_certain else None
        yield Order(BANK_ENTRY, id_, ImportEntry(entry=entry, suggestion=suggestion))
        if found is not None and is_certain:
            yield from match(entry, found.match, found.shares, counter)
            book.take(found.shares)


def match(entry: BankEntry, found: Match, shares: Sequence[Share], counter: Counter) -> Iterator[Order]:
    """The payment has the name of the entry, so that it is received once."""
    facts = facts_of(entry, found, counter)
    command = MatchEntry(match=found, payment_id=facts.payment_id)
    yield Order(BANK_ENTRY, entry_id(counter.tenant_id, entry), command)
    yield from paying.receive(counter.payment(facts.payment_id), facts, shares)


def facts_of(entry: BankEntry, found: Match, counter: Counter) -> PaymentFacts:
    zone = counter.zone(found.customer_id)
    return PaymentFacts(
        payment_id=payment_id(counter.tenant_id, BANK, entry.name),
        customer_id=found.customer_id,
        customer_key=found.customer_key,
        zone=zone,
        amount=entry.amount,
        method="transfer",
        reference=entry.text[:200],
        received_at=start_of_day(entry.valued_on, zone),
        received_on=entry.valued_on,
        provider=BANK,
        provider_reference=entry.name,
    )
