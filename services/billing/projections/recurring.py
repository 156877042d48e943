"""Recurring revenue at the beginning and the end of some days, by currency, with what moved it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from services.billing.domain.recurring import Move, annual, move
from services.billing.domain.subscription.state import Subscription
from services.billing.projections import contracts
from services.billing.projections.contracts import Contract
from shared.periods import Days, start_of_day
from shared.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Span:
    """What a contract came to before and after, and whether it rested; what was transferred is the same contract."""

    currency: str
    before: int = 0
    after: int = 0
    was_paused: bool = False
    is_paused: bool = False

    def add(self, contract: Contract, eve: date, last: date) -> None:
        self.before += annual(contract.before, eve)
        self.after += annual(contract.after, last)
        self.was_paused |= contract.before is not None and contract.before.status == "paused"
        self.is_paused |= contract.after.status == "paused"


@dataclass(slots=True)
class Recurring:
    """Of a year, in minor units. after = before + the moves."""

    before: int = 0
    after: int = 0
    subscriptions: int = 0
    moves: Counter[Move] = field(default_factory=Counter)


def over(unit: UnitOfWork, days: Days, zone: str) -> dict[str, Recurring]:
    """From the end of the day before the first one to the end of the last one, each contract as it was known then."""
    start, end = start_of_day(days.start, zone), start_of_day(days.end, zone)
    eve, last = days.start - timedelta(days=1), days.end - timedelta(days=1)
    spans: dict[UUID, Span] = {}
    for contract in contracts.between(unit, start, end, last):
        spans.setdefault(_first(contract.after), Span(contract.after.currency)).add(contract, eve, last)
    found: dict[str, Recurring] = defaultdict(Recurring)
    for span in spans.values():
        _add(found[span.currency], span)
    return {currency: found[currency] for currency in sorted(found)}


def _first(subscription: Subscription) -> UUID:
    """The first of those that a contract was."""
    return subscription.origin.subscription_ids[0] if subscription.origin else subscription.subscription_id


def _add(recurring: Recurring, span: Span) -> None:
    recurring.before += span.before
    recurring.after += span.after
    recurring.subscriptions += bool(span.after)
    moved = move(span.before, span.after, was_paused=span.was_paused, is_paused=span.is_paused)
    recurring.moves[moved] += span.after - span.before
