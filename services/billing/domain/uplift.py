"""Raising the flat charges of a price list for the next term."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from services.billing.domain.plan import Charge
from services.billing.domain.pricing.limits import non_negative
from services.billing.domain.pricing.price import required
from shared.money import EXACT, Money


def uplifted(charges: Iterable[Charge], percent: Decimal, currency: str) -> tuple[Charge, ...]:
    """The same charges, the unit amount of each flat one raised by `percent` (4 is 4 %).

    The new amount is rounded half away from zero once, to the minor unit, and is what the next uplift starts from.
    Prices of usage stay as they are.
    """
    non_negative(percent, "/uplift_percent")
    factor = EXACT.add(Decimal(1), percent.scaleb(-2, EXACT))
    return tuple(_raised(charge, factor, currency) if charge.kind == "flat" else charge for charge in charges)


def _raised(charge: Charge, factor: Decimal, currency: str) -> Charge:
    unit_amount = required(charge.price.unit_amount, "/price/unit_amount")
    raised = Money.rounded(EXACT.multiply(unit_amount, factor), currency)
    return replace(charge, price=replace(charge.price, unit_amount=raised.major))
