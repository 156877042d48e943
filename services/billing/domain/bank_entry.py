"""An entry of a bank statement: it is matched to who paid, waits for a person to say so, or is set aside with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from shared.decider import CorruptStream, Decider, NotAllowedNow
from shared.errors import Conflict, NotFound
from shared.money import Money

EntryStatus = Literal["unmatched", "matched", "set_aside", "outgoing"]
MatchRule = Literal[
    "invoice_and_amount",
    "invoice_and_payer",
    "invoice",
    "payer_and_amount",
    "customer_and_amount",
    "payer",
    "invoice_of_another_payer",
    "customer",
    "amount",
    "person",
]
BANK = "bank"


class EntryNotFound(NotFound):
    pass


class EntryDiffers(Conflict):
    """An entry of this reference was imported with another amount or day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """As the bank told it. `bank_reference` is the bank's own, unique on its account, where it gives one; `reference` is
    unique in its statement. `amount` is positive; `is_incoming` says which way it went, `is_reversal` that it takes back."""

    statement: str
    account: str
    reference: str
    bank_reference: str | None
    amount: Money
    is_incoming: bool
    is_reversal: bool
    booked_on: date
    valued_on: date
    payer: str
    payer_account: str
    text: str
    end_to_end: str

    @property
    def name(self) -> str:
        """The same entry has the same name in whichever file it comes again."""
        if self.bank_reference is not None:
            return f"{self.account}/{self.bank_reference}"
        return f"{self.account}/{self.statement}/{self.reference}"

    @property
    def is_paid_in(self) -> bool:
        return self.is_incoming and not self.is_reversal


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Who paid, and which invoices were meant; `confidence` in percent."""

    rule: MatchRule
    confidence: int
    customer_id: UUID
    customer_key: str
    invoices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEntry:
    """`suggestion` is what might have been meant, and was not certain enough."""

    entry: BankEntry
    suggestion: Match | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEntry:
    match: Match
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEntryAside:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntryImported:
    entry: BankEntry
    status: EntryStatus
    suggestion: Match | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntryMatched:
    match: Match
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntrySetAside:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    entry: BankEntry
    status: EntryStatus


EntryCommand = ImportEntry | MatchEntry | SetEntryAside
EntryEvent = BankEntryImported | BankEntryMatched | BankEntrySetAside


def entry_id(tenant_id: UUID, entry: BankEntry) -> UUID:
    return uuid5(tenant_id, f"bank entry {entry.name}")


def decide(known: KnownEntry | None, command: EntryCommand) -> list[EntryEvent]:
    match known, command:
        case None, ImportEntry(entry=entry):
            return [BankEntryImported(entry=entry, status=_first_status(entry), suggestion=command.suggestion)]
        case KnownEntry(entry=entry), ImportEntry():
            return _again(entry, command.entry)
        case None, _:
            raise EntryNotFound("no such entry")
        case KnownEntry(status="unmatched", entry=entry), MatchEntry() if entry.is_paid_in:
            return [BankEntryMatched(match=command.match, payment_id=command.payment_id)]
        case KnownEntry(status="unmatched"), SetEntryAside(reason=reason):
            return [BankEntrySetAside(reason=reason)]
    raise NotAllowedNow(command, known)


def _first_status(entry: BankEntry) -> EntryStatus:
    """What we paid ourselves asks for nothing; what the bank took back does."""
    return "unmatched" if entry.is_incoming or entry.is_reversal else "outgoing"


def _again(known: BankEntry, told: BankEntry) -> list[EntryEvent]:
    if (known.amount, known.is_paid_in, known.booked_on) != (told.amount, told.is_paid_in, told.booked_on):
        raise EntryDiffers("an entry of this reference was imported with another amount or day", field="/entries")
    return []


def evolve(known: KnownEntry | None, event: EntryEvent) -> KnownEntry:
    match known, event:
        case None, BankEntryImported(entry=entry, status=status):
            return KnownEntry(entry=entry, status=status)
        case KnownEntry(), BankEntryMatched():
            return replace(known, status="matched")
        case KnownEntry(), BankEntrySetAside():
            return replace(known, status="set_aside")
        case _:
            raise CorruptStream(known, event)


BANK_ENTRY: Decider[KnownEntry | None, EntryCommand, EntryEvent] = Decider(
    "bank_entry",
    None,
    decide,
    evolve,
    {
        "bank_entry_imported": BankEntryImported,
        "bank_entry_matched": BankEntryMatched,
        "bank_entry_set_aside": BankEntrySetAside,
    },
)
