"""Which part of a full amount a part of a period costs, by the policy that the plan names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, assert_never

from services.billing.domain.zones import ZoneChange, instant_of
from shared.errors import DomainError
from shared.money import EXACT, Money
from shared.periods import Days

ProrationPolicy = Literal["days", "seconds", "fixed_30", "none"]


class EmptyPeriod(DomainError):
    """A period without a day has no parts."""


class PartOutsidePeriod(DomainError):
    """The part reaches beyond the full nominal period."""


@dataclass(frozen=True, slots=True)
class Share:
    """numerator / denominator of a full amount; kept as two whole numbers, so that it is divided once, last."""

    numerator: int
    denominator: int

    def exactly(self, amount: Decimal) -> Decimal:
        """amount x numerator / denominator to 60 digits, not rounded to the currency."""
        return EXACT.divide(EXACT.multiply(amount, Decimal(self.numerator)), Decimal(self.denominator))

    def of(self, amount: Decimal, currency: str) -> Money:
        """The same, rounded half away from zero once."""
        return Money.rounded(self.exactly(amount), currency)


WHOLE = Share(1, 1)


def prorate(
    amount: Decimal, currency: str, policy: ProrationPolicy, period: Days, part: Days, zone: str = "UTC"
) -> Money:
    """The price (major units) of `part` of `period`, rounded half away from zero once; see `share`."""
    return share(policy, period, part, zone).of(amount, currency)


def share(
    policy: ProrationPolicy, period: Days, part: Days, zone: str = "UTC", changes: Sequence[ZoneChange] = ()
) -> Share:
    """Which share of the full nominal period a part of it is. Both are half-open days in the customer's zone, after its
    changes if there are any.

    `days`: local days of the part over local days of the period. `seconds`: real seconds, so that a day of 23 hours
    counts as that. `fixed_30`: days of the part, at most 30, over 30; plans have it by the month only. `none`: the full
    amount, whatever the part.
    """
    _refuse_strange(period, part)
    match policy:
        case "days":
            return Share(len(part), len(period))
        case "seconds":
            return Share(_seconds(part, zone, changes), _seconds(period, zone, changes))
        case "fixed_30":
            return Share(min(len(part), 30), 30)
        case "none":
            return WHOLE
        case _:
            assert_never(policy)


def _seconds(days: Days, zone: str, changes: Sequence[ZoneChange]) -> int:
    start, end = (instant_of(day, zone, changes) for day in (days.start, days.end))
    return int((end - start).total_seconds())


def share_of_term(
    policy: ProrationPolicy, term: Days, parts: Sequence[Days], zone: str = "UTC", changes: Sequence[ZoneChange] = ()
) -> Share:
    """Which share of the full nominal term its parts are, by `days` or `seconds` as in `share`; with `none` the full amount.
    Parts may lie behind the term, which a pause has extended."""
    if policy == "none":
        return WHOLE
    if policy == "seconds":
        return Share(sum(_seconds(part, zone, changes) for part in parts), _seconds(term, zone, changes))
    return Share(sum(len(part) for part in parts), len(term))


def _refuse_strange(period: Days, part: Days) -> None:
    if period.end <= period.start:
        raise EmptyPeriod("a period ends after it starts", field="/period/ends_on")
    if part.end < part.start:
        raise EmptyPeriod("a part does not end before it starts", field="/part/ends_on")
    if part.start < period.start:
        raise PartOutsidePeriod("the part starts before its period", field="/part/starts_on")
    if part.end > period.end:
        raise PartOutsidePeriod("the part ends after its period", field="/part/ends_on")
