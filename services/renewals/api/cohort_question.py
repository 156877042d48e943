"""What every question about a cohort says: the days, the instant, how it is cut, and the currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query

from services.renewals.api.due import check_due
from services.renewals.domain.metrics.cohort import CohortMember
from services.renewals.projections.cohorts import cohort
from shared.errors import DomainError
from shared.http.fields import Day, Instant
from shared.moments import not_after
from shared.money import exponent
from shared.periods import Days
from shared.unit_of_work import UnitOfWork

Dimension = Literal["segment", "region", "customer", "plan", "policy", "term", "current_segment", "current_region"]
NO_CURRENCY = "XXX"  # of ISO 4217: for sums of nothing


class SeveralCurrencies(DomainError):
    """Amounts of different currencies have no sum."""


@dataclass(frozen=True, slots=True)
class CohortQuestion:
    period: Days
    as_of: datetime | None
    group_by: Dimension | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """All amounts are of `currency`."""

    members: list[CohortMember]
    currency: str

    @property
    def shown_currency(self) -> str | None:
        return None if self.currency == NO_CURRENCY else self.currency


async def _question(
    due_from: Day,
    due_to: Day,
    as_of: Instant | None = None,
    group_by: Dimension | None = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
) -> CohortQuestion:
    check_due(due_from, due_to)
    if currency is not None:
        exponent(currency)
    return CohortQuestion(Days(due_from, due_to), as_of, group_by, currency)


CohortQuery = Annotated[CohortQuestion, Depends(_question)]


def asked(unit: UnitOfWork, question: CohortQuestion) -> Cohort:
    """Of opportunities due in the period, by the facts recorded up to `as_of`. Raises FutureInstant, SeveralCurrencies."""
    not_after(unit.now, "as_of", question.as_of)
    return _of_one_currency(cohort(unit, question.period, as_of=question.as_of), question.currency)


def _of_one_currency(members: Sequence[CohortMember], wanted: str | None) -> Cohort:
    currencies = sorted({member.base.currency for member in members})
    if wanted is None and len(currencies) > 1:
        raise SeveralCurrencies(f"choose one with currency: {', '.join(currencies)}", field="/currency")
    chosen = wanted or (currencies[0] if currencies else NO_CURRENCY)
    return Cohort([member for member in members if member.base.currency == chosen], chosen)
