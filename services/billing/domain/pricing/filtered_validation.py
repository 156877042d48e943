"""What the prices of some groups have to be: of names that the usage is grouped by, and none of them in vain."""

from __future__ import annotations

from collections.abc import Sequence

from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.validation import PartNotAllowed
from shared.errors import DomainError

MAX_FILTERED_PRICES = 100
MAX_VALUES = 1000


class TooManyFilters(DomainError):
    """A price list has an end."""


class FilterFitsAll(DomainError):
    """A filter that names nothing leaves no group to the prices behind it."""


class FilterRepeated(DomainError):
    """What an earlier filter takes never reaches a later one."""


def validate_filters(filtered: Sequence[FilteredPrice], names: Sequence[str], at: str) -> None:
    if len(filtered) > MAX_FILTERED_PRICES:
        raise TooManyFilters(f"give at most {MAX_FILTERED_PRICES} filtered prices", field=at)
    for index, each in enumerate(filtered):
        _validate_where(each, names, f"{at}/{index}/where")
        if any(_covers(earlier, each) for earlier in filtered[:index]):
            raise FilterRepeated("an earlier filter takes all of its groups: leave it out", field=f"{at}/{index}/where")


def _validate_where(each: FilteredPrice, names: Sequence[str], at: str) -> None:
    if not each.where:
        raise FilterFitsAll("name at least one group, or use the price of the charge", field=at)
    for name, values in each.where.items():
        if name not in names:
            listed = ", ".join(names) or "nothing"
            raise PartNotAllowed(f"the charge is grouped by {listed}", field=f"{at}/{name}")
        if not values or len(values) > MAX_VALUES:
            raise TooManyFilters(f"list 1 to {MAX_VALUES} values", field=f"{at}/{name}")


def _covers(earlier: FilteredPrice, later: FilteredPrice) -> bool:
    return all(set(later.where.get(name, [None])) <= set(values) for name, values in earlier.where.items())
