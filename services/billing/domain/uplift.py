"""Raising the flat charges of a price list for the next term."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from services.billing.domain.plan import Charge
from services.billing.domain.pricing.limits import PLACES, non_negative
from services.billing.domain.pricing.price import Price
from shared.money import EXACT, exponent


def uplifted(charges: Iterable[Charge], percent: Decimal, currency: str) -> tuple[Charge, ...]:
    """The same charges, every amount of the price of each flat one raised by `percent` (4 is 4 %).

    A new amount is rounded half away from zero once, to the minor unit, and is what the next uplift starts from; one
    that had more places keeps 12. Prices of usage stay as they are.
    """
    non_negative(percent, "/uplift_percent")
    factor = EXACT.add(Decimal(1), percent.scaleb(-2, EXACT))
    places = exponent(currency)
    return tuple(
        replace(charge, price=_raised(charge.price, factor, places)) if charge.kind == "flat" else charge
        for charge in charges
    )


def _raised(price: Price, factor: Decimal, places: int) -> Price:
    """Sizes, bounds and percentages are no amounts. Where they are in credit units, the credit gets dearer instead."""
    if price.credit is not None:
        dearer = _amount(price.credit.unit_amount, factor, places)
        return replace(price, credit=replace(price.credit, unit_amount=dearer))

    def each(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else _amount(amount, factor, places)

    return replace(
        price,
        unit_amount=each(price.unit_amount),
        fixed_amount=_amount(price.fixed_amount, factor, places) if price.fixed_amount else price.fixed_amount,
        maximum_amount=each(price.maximum_amount),
        minimum_amount=each(price.minimum_amount),
        package=price.package and replace(price.package, amount=_amount(price.package.amount, factor, places)),
        tiers=tuple(
            replace(
                tier,
                unit_amount=each(tier.unit_amount),
                flat_amount=_amount(tier.flat_amount, factor, places),
                block_amount=each(tier.block_amount),
            )
            for tier in price.tiers
        ),
    )


def _amount(amount: Decimal, factor: Decimal, places: int) -> Decimal:
    has = -int(amount.normalize(EXACT).as_tuple().exponent)
    kept = Decimal(1).scaleb(-(places if has <= places else PLACES))
    return EXACT.multiply(amount, factor).quantize(kept, ROUND_HALF_UP, EXACT)
