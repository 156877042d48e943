"""Parts of an allowance that are told when a period's quantity reaches them, and when it falls below them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.usage.domain.tally import GroupTotal
from services.usage.domain.values import EXACT
from shared.errors import DomainError

Direction = Literal["up", "down"]

MOST = 20
_HUNDRED = Decimal(100)


class InvalidThresholds(DomainError):
    """Thresholds that nothing could cross, or that could not be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """`percents` of the quantity `of`, in ascending order."""

    of: Decimal
    percents: tuple[Decimal, ...]

    def reached(self, percent: Decimal, quantity: Decimal) -> bool:
        """At the threshold is not below it."""
        return EXACT.multiply(quantity, _HUNDRED) >= EXACT.multiply(self.of, percent)


def thresholds(of: Decimal, percents: Iterable[Decimal]) -> Thresholds:
    """Raises InvalidThresholds with the field that has to change."""
    ordered = tuple(sorted(percents))
    if of <= 0:
        raise InvalidThresholds("the quantity that percents are taken of is more than nothing", field="/of")
    if len(ordered) > MOST or len(set(ordered)) < len(ordered):
        raise InvalidThresholds(f"at most {MOST} percents, each once", field="/percents")
    if any(percent <= 0 for percent in ordered):
        raise InvalidThresholds("a percent is more than nothing", field="/percents")
    return Thresholds(of=of, percents=ordered)


def quantity_of_all(totals: Iterable[GroupTotal]) -> Decimal:
    """The sum over the groups, of every aggregation."""
    quantity = Decimal(0)
    for total in totals:
        quantity = EXACT.add(quantity, total.quantity)
    return quantity


def crossed_now(
    watched: Thresholds | None, crossed: Iterable[Decimal], totals: Iterable[GroupTotal]
) -> list[tuple[Decimal, Direction]]:
    """What is reached and was not, from the least up; then what was and is not, from the greatest down."""
    if watched is None:
        return []
    before, quantity = set(crossed), quantity_of_all(totals)
    now = {percent for percent in watched.percents if watched.reached(percent, quantity)}
    up: list[tuple[Decimal, Direction]] = [(each, "up") for each in watched.percents if each in now - before]
    return [*up, *((each, "down") for each in reversed(watched.percents) if each in before - now)]
