"""The opportunities that a rate is about: those whose due day lies in the period, whenever they were decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.renewals.domain.opportunity.value import RenewalValue
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMember:
    """One opportunity as known at the instant the metric is asked for.

    `value` and `term_months` are there when it is won, `reason` when it is lost. All amounts are annualised and of one
    currency; `cost` is what selling the renewal cost. `due_on` is the last day of the term.
    """

    customer: str
    state: Literal["open", "won", "lost", "superseded"]
    base: Money
    due_on: date
    decided_on: date | None = None
    value: RenewalValue | None = None
    term_months: int = 12
    reason: str = ""
    cost: Money
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.state == "won" and (self.value is None or self.decided_on is None):
            raise ValueError("a won renewal has a value and a day of decision")

    @property
    def late_days(self) -> int:
        """Days from the due day to the decision; 0 when it was on time or is still open."""
        return 0 if self.decided_on is None else max(0, (self.decided_on - self.due_on).days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Won:
    """A won member, whose value is known for certain."""

    member: CohortMember
    value: RenewalValue


def due_in(members: Iterable[CohortMember], period: Days) -> list[CohortMember]:
    return [member for member in members if member.due_on in period]


def counted(members: Iterable[CohortMember]) -> list[CohortMember]:
    """What was superseded leaves the cohort: it is neither won nor lost."""
    return [member for member in members if member.state != "superseded"]


def won_in(members: Iterable[CohortMember]) -> list[Won]:
    return [
        Won(member=member, value=member.value)
        for member in members
        if member.state == "won" and member.value is not None
    ]


def segments(members: Iterable[CohortMember], dimension: str) -> dict[str, list[CohortMember]]:
    """The members by their value of a dimension, in the order of the values; without one they stand under ""."""
    groups: dict[str, list[CohortMember]] = {}
    for member in members:
        groups.setdefault(member.dimensions.get(dimension, ""), []).append(member)
    return dict(sorted(groups.items()))
