"""Recurring revenue at the beginning and the end of some days, by currency, with what moved it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from services.billing.domain.recurring import Move, move, on
from services.billing.projections.subscriptions.contract_questions import Standing, standing
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

    def add(self, before: Standing | None, after: Standing, eve: date, last: date) -> None:
        self.before += on(before.annual, eve) if before else 0
        self.after += on(after.annual, last)
        self.was_paused |= before is not None and before.is_paused
        self.is_paused |= after.is_paused


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
    before, spans = standing(unit, start), dict[UUID, Span]()
    for id_, after in standing(unit, end).items():
        spans.setdefault(after.first_id, Span(after.currency)).add(before.get(id_), after, eve, last)
    found: dict[str, Recurring] = defaultdict(Recurring)
    for span in spans.values():
        _add(found[span.currency], span)
    return {currency: found[currency] for currency in sorted(found)}


def _add(recurring: Recurring, span: Span) -> None:
    recurring.before += span.before
    recurring.after += span.after
    recurring.subscriptions += bool(span.after)
    moved = move(span.before, span.after, was_paused=span.was_paused, is_paused=span.is_paused)
    recurring.moves[moved] += span.after - span.before
