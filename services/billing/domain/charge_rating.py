"""The rating of a metered charge: each group of its usage at the price that is its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from services.billing.domain.plan import Charge
from services.billing.domain.pricing.filtered import price_of
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rate import Rating
from services.billing.domain.pricing.rated import Rated


@dataclass(frozen=True, slots=True)
class ChargeRating:
    """A price is made ready once, however many groups have it."""

    charge: Charge
    currency: str
    ready: list[tuple[Price, Rating]] = field(default_factory=list)

    def period(self, group: str, quantity: Decimal, count: int) -> Rated:
        """A group of a closed period: its quantity, and how many events made it."""
        return self._rating(group).period(quantity, count)

    def _rating(self, group: str) -> Rating:
        charge = self.charge
        price = price_of(group, charge.group_by, charge.filtered_prices, charge.price)
        found = next((rating for known, rating in self.ready if known is price), None)
        if found is None:
            found = Rating.of(price, self.currency)
            self.ready.append((price, found))
        return found
