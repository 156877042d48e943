"""What was metered of a group of a usage period."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTotal:
    """`count` and `digest` prove which events made the quantity of a group."""

    group: str
    quantity: Decimal
    count: int
    digest: str
