"""What was lost, by the reason that was given: how many, how much, and how few reasons make most of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.renewals.domain.metrics.cohort import CohortMember
from services.renewals.domain.metrics.rates import CountRate, ValueRate
from services.renewals.domain.reasons import REASONS, Reason
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`so_far` is the share of this reason and of all before it in the base that was lost."""

    reason: Reason
    count: int
    base: Money
    by_count: CountRate
    by_value: ValueRate
    so_far: ValueRate


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    count: int
    base: Money
    by_reason: tuple[Loss, ...]


def losses(members: Iterable[CohortMember], currency: str) -> Losses:
    """Of the lost ones, the greatest base first, of equal ones the greater count, then by code. Bases are annualised amounts
    of `currency`; another one raises CurrencyMismatch. Rates are exact, by value None where nothing of worth was lost."""
    groups: dict[str, list[CohortMember]] = {}
    lost = [member for member in members if member.state == "lost"]
    for member in lost:
        groups.setdefault(member.reason, []).append(member)
    ordered = sorted(groups.items(), key=lambda each: (-_base(each[1], currency).minor, -len(each[1]), each[0]))
    total, so_far, found = _base(lost, currency), Money.zero(currency), []
    for code, alike in ordered:
        base = _base(alike, currency)
        so_far += base
        found.append(
            Loss(
                reason=REASONS[code],
                count=len(alike),
                base=base,
                by_count=CountRate.of(len(alike), len(lost)),
                by_value=ValueRate.of(base, total),
                so_far=ValueRate.of(so_far, total),
            )
        )
    return Losses(count=len(lost), base=total, by_reason=tuple(found))


def _base(members: Sequence[CohortMember], currency: str) -> Money:
    return Money.total((member.base for member in members), currency)
