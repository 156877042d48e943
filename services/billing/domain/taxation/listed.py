"""Whether anybody has said what tax is due on a category."""

from __future__ import annotations

from collections.abc import Collection

from shared.errors import DomainError


class UnlistedTaxCategory(DomainError):
    """A category that no place lists is taxed nowhere: a rate of zero says that this is meant."""


def check_listed(category: str | None, listed: Collection[str], at: str) -> None:
    """Raises UnlistedTaxCategory. `listed` are the categories of all places, whatever their rates are and since when."""
    if category is not None and category not in listed:
        raise UnlistedTaxCategory(
            "no place lists this category: put its rates at /v1/tax-rates first, of 0 where no tax is due", field=at
        )
