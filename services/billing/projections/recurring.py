"""Recurring revenue at the beginning and the end of some days, by currency, with what moved it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from services.billing.domain.recurring import Move, annual, move
from services.billing.projections import contracts
from shared.periods import Days, start_of_day
from shared.unit_of_work import UnitOfWork


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
    found: dict[str, Recurring] = defaultdict(Recurring)
    for contract in contracts.between(unit, start, end, last):
        _add(found[contract.after.currency], annual(contract.before, eve), annual(contract.after, last))
    return {currency: found[currency] for currency in sorted(found)}


def _add(recurring: Recurring, before: int, after: int) -> None:
    recurring.before += before
    recurring.after += after
    recurring.subscriptions += bool(after)
    recurring.moves[move(before, after)] += after - before
