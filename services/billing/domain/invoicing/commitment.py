"""The line that lifts the usage of a period to the minimum that was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from services.billing.domain.proration import Share
from shared.money import Money


def true_up(commitment: Money, usage: Iterable[Money]) -> Money:
    """commitment - sum of the rounded usage lines, never negative: with it they add up to the minimum, to the cent."""
    return max(Money.zero(commitment.currency), commitment - Money.total(usage, commitment.currency))


def prorated_true_up(commitment: Decimal, part: Share, charges: Decimal, charges_part: Share, currency: str) -> Money:
    """The true-up where commitment and charges hold for parts of a period; both are rounded before they meet."""
    return true_up(part.of(commitment, currency), [charges_part.of(charges, currency)])
