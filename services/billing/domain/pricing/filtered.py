"""Prices of some groups of a charge: which price a group of usage has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.billing.domain.pricing.price import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredPrice:
    """`price` for groups that have one of the listed values of each name in `where`."""

    where: dict[str, tuple[str, ...]]
    price: Price

    def fits(self, values: Mapping[str, str]) -> bool:
        return all(values.get(name) in listed for name, listed in self.where.items())


def price_of(group: str, names: Sequence[str], filtered: Sequence[FilteredPrice], otherwise: Price) -> Price:
    """The first that fits, in the order of the list; a group that none fits has the charge's own price."""
    values = group_values(group, names) if filtered else {}
    return next((each.price for each in filtered if each.fits(values)), otherwise)


def group_values(group: str, names: Sequence[str]) -> dict[str, str]:
    """A group as usage tells it: the plain value for one name, a JSON array for several."""
    values = [group] if len(names) == 1 else json.loads(group or "[]")
    return dict(zip(names, values, strict=False))
