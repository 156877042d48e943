"""Outcomes that are charged for: renewals that were won, their value metered like usage, each counted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from uuid import UUID

from services.billing.domain.pricing.limits import NumberTooLarge
from shared.decider import Decider
from shared.errors import DomainError
from shared.money import Money

# What such a period says that it meters; usage has no meter behind it.
WON_RENEWALS = "renewals.won"
MOST_CUSTOMERS = 500


class MalformedOutcome(DomainError):
    """Each customer is named once, by the key of 1 to 100 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSource:
    """Renewals won of these `customers`, by their keys; of everybody where none is named."""

    customers: tuple[str, ...] = ()

    def names(self, customer: str) -> bool:
        return not self.customers or customer in self.customers


@dataclass(frozen=True, slots=True, kw_only=True)
class WonRenewal:
    """`value` is what the renewed term comes to in a year; it was won when the customer accepted."""

    opportunity_id: UUID
    subscription_id: UUID
    customer_key: str
    term_number: int
    value: Money
    won_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWonRenewal:
    renewal: WonRenewal


@dataclass(frozen=True, slots=True, kw_only=True)
class WonRenewalNoted:
    renewal: WonRenewal


def validate_outcome(outcome: OutcomeSource, at: str) -> None:
    """Raise a DomainError with the JSON pointer of the wrong field."""
    if len(outcome.customers) > MOST_CUSTOMERS:
        raise NumberTooLarge(f"name at most {MOST_CUSTOMERS} customers", field=f"{at}/customers")
    for index, key in enumerate(outcome.customers):
        if not 1 <= len(key) <= 100 or key in outcome.customers[:index]:
            raise MalformedOutcome("name each customer once, by the key", field=f"{at}/customers/{index}")


def digest(ids: Iterable[UUID]) -> str:
    """The same whatever the order: the sum of the hashes, modulo 2^128."""
    whole = sum(int.from_bytes(md5(id_.bytes, usedforsecurity=False).digest()) for id_ in ids)
    return f"{whole % 2**128:032x}"


def decide(known: WonRenewalNoted | None, command: NoteWonRenewal) -> list[WonRenewalNoted]:
    return [WonRenewalNoted(renewal=command.renewal)] if known is None else []


def evolve(_: WonRenewalNoted | None, event: WonRenewalNoted) -> WonRenewalNoted:
    return event


WON_RENEWAL: Decider[WonRenewalNoted | None, NoteWonRenewal, WonRenewalNoted] = Decider(
    "won_renewal", None, decide, evolve, {"won_renewal_noted": WonRenewalNoted}
)
