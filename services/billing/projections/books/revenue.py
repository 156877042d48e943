"""What a month did to revenue: billed, recognised, and deferred at its beginning and its end, by class and currency."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.billing.domain.contract_value import outstanding
from services.billing.domain.ledger.recognition import next_month
from services.billing.domain.plan import RevenueClass
from services.billing.projections.quotes import sold_once
from services.billing.projections.subscriptions.contract_questions import agreed_between, open_contracts
from shared.periods import start_of_day
from shared.statements import run
from shared.unit_of_work import UnitOfWork

Key = tuple[str, RevenueClass]


@dataclass(frozen=True, slots=True)
class Movement:
    """In minor units. deferred = deferred before + billed - recognised; `booked` and `forecast` are of flat charges
    and of what quotes charge once."""

    booked: int = 0
    billed: int = 0
    recognised: int = 0
    deferred_before: int = 0
    deferred: int = 0
    forecast: int = 0


@dataclass(frozen=True, slots=True)
class Contracted:
    booked: Counter[Key] = field(default_factory=Counter)
    forecast: Counter[Key] = field(default_factory=Counter)


def mapping(unit: UnitOfWork, month: date, zone: str) -> dict[Key, Movement]:
    """By currency and revenue class, all that is not nothing."""
    found = _booked(unit, month)
    contracted = _contracted(unit, month, zone)
    for key in {*contracted.booked, *contracted.forecast}:
        movement = found.get(key, Movement())
        found[key] = replace(movement, booked=contracted.booked[key], forecast=contracted.forecast[key])
    return {key: found[key] for key in sorted(found) if found[key] != Movement()}


def _booked(unit: UnitOfWork, month: date) -> dict[Key, Movement]:
    where = {"tenant": unit.tenant_id, "start": month, "end": next_month(month)}
    return {(row[0], row[1]): Movement(0, *map(int, row[2:])) for row in run(unit.tx, _MOVEMENTS, where)}


def _contracted(unit: UnitOfWork, month: date, zone: str) -> Contracted:
    """What was agreed in the month added, and what is left of all terms to be invoiced after it."""
    start, end = (start_of_day(day, zone) for day in (month, next_month(month)))
    found = Contracted()
    for before, after in agreed_between(unit, start, end):
        if before is None or before.basis != after.basis:
            found.booked.update({(after.currency, name): n for name, n in after.agreed.items()})
            found.booked.subtract({(after.currency, name): n for name, n in (before.agreed if before else {}).items()})
    for currency, name, minor in sold_once.accepted_between(unit, start, end):
        found.booked[currency, name] += minor
    for contract in open_contracts(unit, end, next_month(month) - timedelta(days=1)):
        left = outstanding(contract.items, contract.billed)
        found.forecast.update({(contract.currency, name): n for name, n in left.items()})
    return found


# What is not a recognition moves revenue and deferred revenue because a document says so.
_MOVEMENTS = """
SELECT currency, revenue_class,
       COALESCE(-sum(amount_minor) FILTER (WHERE kind <> 'recognition' AND booked_on >= %(start)s), 0),
       COALESCE(-sum(amount_minor) FILTER (WHERE account = 'revenue' AND booked_on >= %(start)s), 0),
       COALESCE(-sum(amount_minor) FILTER (WHERE account = 'deferred_revenue' AND booked_on < %(start)s), 0),
       COALESCE(-sum(amount_minor) FILTER (WHERE account = 'deferred_revenue'), 0)
FROM ledger_postings
WHERE tenant_id = %(tenant)s AND account IN ('revenue', 'deferred_revenue') AND booked_on < %(end)s
GROUP BY currency, revenue_class"""
