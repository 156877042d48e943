"""What a period costs and nothing else: for questions over many periods, where nobody reads the tiers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from services.billing.domain.pricing.exact import settled
from services.billing.domain.pricing.models import amount_of
from services.billing.domain.pricing.price import ZERO, Price
from services.billing.domain.pricing.quantity import billable
from services.billing.domain.pricing.rate import Rating
from shared.money import EXACT, exponent

# From the quantity of a closed period, and the number of its events, to minor units.
MinorUnits = Callable[[Decimal, int], int]


def minor_units(price: Price, currency: str) -> MinorUnits:
    """The same as `Rating.period(…).amount_money.minor`, without what explains it."""
    rating = Rating.of(price, currency)
    if rating.has_limits or price.percentage is not None:
        return lambda quantity, count: rating.period(quantity, count).amount_money.minor
    amount, places = amount_of(price), exponent(currency)
    if price.convert is None and price.discount is None:

        def plain(quantity: Decimal, _: int) -> int:
            exact = amount(quantity if quantity > ZERO else ZERO).scaleb(places, EXACT)
            return int(exact.to_integral_value(ROUND_HALF_UP, EXACT))

        return plain

    def converted(quantity: Decimal, _: int) -> int:
        exact = amount(billable(price, quantity))
        exact = (settled(exact) if rating.divides else exact).scaleb(places, EXACT)
        return int(exact.to_integral_value(ROUND_HALF_UP, EXACT))

    return converted
