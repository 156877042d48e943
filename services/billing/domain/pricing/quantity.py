"""From the quantity that is metered to the quantity that is priced."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from services.billing.domain.pricing.price import ZERO, Conversion, Price
from shared.money import EXACT

_ROUNDING = {"up": ROUND_CEILING, "down": ROUND_FLOOR, "nearest": ROUND_HALF_UP}


def billable(price: Price, quantity: Decimal) -> Decimal:
    """The cumulative quantity, not below zero, converted to the priced unit, less what is included; not below zero."""
    if quantity <= ZERO:
        return ZERO
    if price.convert is not None:
        quantity = convert(price.convert, quantity)
    if price.discount is not None and price.discount.quantity is not None:
        return max(ZERO, EXACT.subtract(quantity, price.discount.quantity))
    return quantity


def divides_without_end(price: Price) -> bool:
    """The priced quantity may be a third of the metered one, which no number of digits holds."""
    return price.convert is not None and price.convert.round == "none"


def convert(conversion: Conversion, quantity: Decimal) -> Decimal:
    """quantity ÷ divide_by, rounded to a whole number as the conversion says, or not at all (60 digits)."""
    divided = EXACT.divide(quantity, conversion.divide_by)
    rounding = _ROUNDING.get(conversion.round)
    return divided if rounding is None else divided.to_integral_value(rounding, EXACT)
