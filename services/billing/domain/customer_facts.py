"""What is known of a customer beside what billing needs: by these facts a list of customers is cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SizeBand = Literal["micro", "small", "medium", "mid_enterprise", "enterprise"]
"""By employees: up to 9, 49, 249 and 2,499, and more than that."""

FACTS = ("size_band", "industry", "region", "tier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """`percent` is the share of the facts that are known, in whole percent, rounded down: 100 only when none is missing."""

    percent: int
    missing: list[str]


def completeness(customer: Mapping[str, Any]) -> Completeness:
    """Of the fields of a customer; a fact is missing where nothing but blanks is said of it."""
    missing = [name for name in FACTS if not (customer.get(name) or "").strip()]
    return Completeness(percent=(len(FACTS) - len(missing)) * 100 // len(FACTS), missing=missing)
