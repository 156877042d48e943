"""Accounting periods: months of the books, closed in order and for good. What comes later is booked in the first open one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.billing.domain.ledger.recognition import next_month
from shared.decider import Decider
from shared.errors import Conflict


class PeriodNotOver(Conflict):
    """A month is closed once it is over, in the zone of the tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Every month before `open_from` is closed; None is that none is."""

    open_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePeriod:
    """The month that begins on `month`, with those before it; `today` in the zone of the tenant."""

    month: date
    today: date
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingPeriodClosed:
    month: date
    open_from: date
    closed_at: datetime


def decide(books: Books, command: ClosePeriod) -> list[AccountingPeriodClosed]:
    after = next_month(command.month)
    if books.open_from is not None and after <= books.open_from:
        return []
    if command.today < after:
        raise PeriodNotOver(f"{command.month:%Y-%m} is not over before {after}")
    return [AccountingPeriodClosed(month=command.month, open_from=after, closed_at=command.closed_at)]


def evolve(_: Books, event: AccountingPeriodClosed) -> Books:
    return Books(open_from=event.open_from)


# One stream a tenant, under the tenant's id.
ACCOUNTING_PERIODS: Decider[Books, ClosePeriod, AccountingPeriodClosed] = Decider(
    "accounting_periods", Books(), decide, evolve, {"accounting_period_closed": AccountingPeriodClosed}
)
