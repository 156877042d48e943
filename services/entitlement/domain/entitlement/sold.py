"""What a right is for: the plan that was sold, its features with their limits, and how many of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """`features` maps a feature's key to its limit; None is unlimited."""

    plan_code: str
    plan_version: int
    features: dict[str, int | None] = field(hash=False)
    quantity: int
