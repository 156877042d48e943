"""What an opportunity remembers until it is decided, and how it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from services.renewals.domain.opportunity.term import ExpiringTerm
from shared.errors import DomainError, NotFound

# `tracked`: the term is known and its day has not come.
Stage = Literal["tracked", "open", "won", "lost", "superseded"]


@dataclass(frozen=True, slots=True)
class Opportunity:
    stage: Stage
    term: ExpiringTerm
    quote_id: UUID | None = None
    quote_is_stale: bool = False
    contacts: frozenset[UUID] = frozenset()
    reason: str | None = None
    is_unanswered: bool = False
    successor_subscription_id: UUID | None = None

    @property
    def status(self) -> Stage:
        return self.stage


class OpportunityNotFound(NotFound):
    pass


class SuccessorMissing(DomainError):
    """A migration must say where the customer went."""


class SuccessorIsItself(DomainError):
    """What ends cannot be what goes on."""


def opportunity_id(subscription_id: UUID, term_number: int) -> UUID:
    """One opportunity for each term of a subscription; `term_number` is that of the term which ends."""
    return uuid5(subscription_id, f"renewal:{term_number}")
