"""Credit that a flat charge includes for each of its periods, in units of the seller's own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.pricing.limits import NumberTooLarge, non_negative, positive
from services.billing.domain.pricing.validation import PercentTooHigh
from services.billing.domain.proration import Share
from shared.errors import DomainError
from shared.money import EXACT, Money

MAX_KEEP_DAYS = 366
TOO_MUCH = Decimal("1e9")


class KeptTooLong(DomainError):
    """Included credit is kept for a number of days, so that usage of its period can be billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedCredit:
    """`quantity` units for each unit of the charge, of `unit_amount` in major units each. They pay what is priced in `code`
    and used in the period of the charge, and are kept for `keep_days` after it. Of what is left then `rollover_percent`
    goes to the period that runs by then, at most `rollover_limit` units."""

    code: str
    quantity: Decimal
    unit_amount: Decimal
    keep_days: int = 31
    rollover_percent: Decimal = Decimal(0)
    rollover_limit: Decimal | None = None

    def worth(self, units: int, part: Share, currency: str) -> Money:
        """Of a part of a period its part, rounded half away from zero once."""
        return part.of(EXACT.multiply(self._exactly(self.quantity), Decimal(units)), currency)

    def most_rolled_over(self, currency: str) -> Money | None:
        return None if self.rollover_limit is None else Money.rounded(self._exactly(self.rollover_limit), currency)

    def _exactly(self, units: Decimal) -> Decimal:
        return EXACT.multiply(units, self.unit_amount)


def validate_included(included: IncludedCredit, at: str) -> None:
    """Raise a DomainError with the JSON pointer of the wrong field."""
    for name in ("quantity", "unit_amount"):
        positive(getattr(included, name), f"{at}/{name}")
    if EXACT.multiply(included.quantity, included.unit_amount) >= TOO_MUCH:
        raise NumberTooLarge("include less than 10^9 of money", field=f"{at}/quantity")
    if not 1 <= included.keep_days <= MAX_KEEP_DAYS:
        raise KeptTooLong(f"give 1 to {MAX_KEEP_DAYS} days", field=f"{at}/keep_days")
    non_negative(included.rollover_percent, f"{at}/rollover_percent")
    if included.rollover_percent > 100:
        raise PercentTooHigh("roll over at most 100 percent", field=f"{at}/rollover_percent")
    non_negative(included.rollover_limit, f"{at}/rollover_limit")
