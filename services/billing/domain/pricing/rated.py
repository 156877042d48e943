"""What rating answers with: the amount, how it was rounded, and the tiers that made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.pricing.price import ZERO
from shared.money import Money


@dataclass(frozen=True, slots=True)
class TierUse:
    """`quantity` units (packages, blocks) of the cumulative quantity priced in the tier `(from_quantity, up_to]`.

    amount = quantity x unit_amount + flat_amount, exact, in major units.
    """

    from_quantity: Decimal
    up_to: Decimal | None
    quantity: Decimal
    unit_amount: Decimal
    flat_amount: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUse:
    """`quantity` units of the seller's own at `unit_amount` each is what the cumulative quantity costs."""

    code: str
    quantity: Decimal
    unit_amount: Decimal


@dataclass(frozen=True, slots=True)
class BilledBefore:
    """What earlier slices of the same period carried: the metered quantity, and the amount in major units."""

    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Rated:
    """One rated line. All decimals are exact major units, but those of `tiers` where there are `credits`.

    `amount_money` is `amount` rounded half away from zero; `residue` = amount - amount_money, 12 places. `discount` and
    `minimum_line` are parts of `amount`. `clamped_from` is the negative quantity that was priced as zero.
    """

    amount: Decimal
    amount_money: Money
    residue: Decimal
    tiers: tuple[TierUse, ...]
    discount: Decimal = ZERO
    minimum_line: Decimal = ZERO
    clamped_from: Decimal | None = None
    credits: CreditUse | None = None


# What a model makes of a quantity before discounts and limits: the exact amount and the tiers it used. A bare tuple,
# because one is made for each line of a bill run.
Priced = tuple[Decimal, tuple[TierUse, ...]]
PricingModel = Callable[[Decimal], Priced]
Amount = Callable[[Decimal], Decimal]
NOTHING: Priced = (ZERO, ())
