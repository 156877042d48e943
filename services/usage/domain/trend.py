"""Whether usage grows: the last 30 days against the 90 before them, as quantities per day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from services.usage.domain.aggregation import Aggregation
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.values import EXACT
from services.usage.domain.windows import Windows
from shared.errors import DomainError

RECENT_DAYS, BEFORE_DAYS = 30, 90
ADDS_UP: frozenset[Aggregation] = frozenset({"count", "sum", "weighted_sum"})

_TWELVE_PLACES = Decimal("1e-12")


class AddsNothingUp(DomainError):
    """The meter's totals of two days are not the total of both, so that there is none per day."""


@dataclass(frozen=True, slots=True)
class Trend:
    """`ratio` is recent by before; None where nothing was before."""

    recent_per_day: Decimal
    before_per_day: Decimal
    ratio: Decimal | None


def check_adds_up(definition: MeterDefinition) -> None:
    if definition.aggregation not in ADDS_UP:
        raise AddsNothingUp("only totals that add up have a trend: count, sum, weighted_sum", field="/slug")


def spans(at: datetime) -> tuple[Windows, Windows]:
    """The 30 days of 24 hours up to `at`, and the 90 before them."""
    middle = at - timedelta(days=RECENT_DAYS)
    return Windows(middle, at), Windows(middle - timedelta(days=BEFORE_DAYS), middle)


def trend(recent: Decimal, before: Decimal) -> Trend:
    """Of the totals of both spans; rounded to 12 places, half away from zero."""
    ratio = None
    if before:
        ratio = _by(EXACT.multiply(recent, Decimal(BEFORE_DAYS)), EXACT.multiply(before, Decimal(RECENT_DAYS)))
    return Trend(_by(recent, Decimal(RECENT_DAYS)), _by(before, Decimal(BEFORE_DAYS)), ratio)


def _by(total: Decimal, divisor: Decimal) -> Decimal:
    return EXACT.divide(total, divisor).quantize(_TWELVE_PLACES, ROUND_HALF_UP, EXACT)
