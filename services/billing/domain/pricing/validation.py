"""What a price has to be before anything is rated with it. Every refusal names the field that has to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

from services.billing.domain.pricing.limits import non_negative, positive
from services.billing.domain.pricing.price import (
    Conversion,
    CreditUnit,
    Discount,
    Model,
    Package,
    PartMissing,
    Percentage,
    Price,
)
from services.billing.domain.pricing.tier_validation import validate_tiers
from shared.errors import DomainError
from shared.money import UnknownCurrency, exponent

# The parts of each model: True where it cannot do without, False where it may have it.
PARTS: Mapping[Model, Mapping[str, bool]] = {
    "per_unit": {"unit_amount": True},
    "graduated": {"tiers": True, "fixed_amount": False, "flat_at_zero": False},
    "volume": {"tiers": True, "fixed_amount": False, "flat_at_zero": False},
    "package": {"package": True},
    "percentage": {"percentage": True},
    "graduated_percentage": {"tiers": True, "fixed_amount": False, "flat_at_zero": False},
    "dynamic": {"multiplier": False},
    "block": {"tiers": True, "block_mode": True},
}
_CREDIT_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}")
_ALL_PARTS = {part for parts in PARTS.values() for part in parts}


class PartNotAllowed(DomainError):
    """A part that this model does not price with would be ignored in silence."""


class PercentTooHigh(DomainError):
    """No more than all of a price can be taken off."""


class CreditCodeMalformed(DomainError):
    """A unit of the seller's own is called by a short name."""


class CreditIsCurrency(DomainError):
    """A credit unit that is called like a currency would be taken for money."""


class LimitsCrossed(DomainError):
    """A minimum above the maximum can never be met."""


def validate(price: Price, at: str = "") -> None:
    """Raise a DomainError with the JSON pointer of the wrong field, below `at`.

    Amounts, sizes and quantities are not negative, finite, below 10^15 and of at most 12 places; sizes and bounds of
    tiers are above zero; tiers ascend, and the last one alone is open.
    """
    _validate_parts(price, at)
    for name in ("unit_amount", "multiplier", "fixed_amount", "maximum_amount", "minimum_amount"):
        non_negative(getattr(price, name), f"{at}/{name}")
    validate_tiers(price, f"{at}/tiers")
    _validate_package(price.package, f"{at}/package")
    _validate_percentage(price.percentage, f"{at}/percentage")
    _validate_convert(price.convert, f"{at}/convert")
    _validate_discount(price.discount, f"{at}/discount")
    _validate_quantity_steps(price, at)
    _validate_credit(price.credit, f"{at}/credit")
    _validate_order(price.minimum_amount, price.maximum_amount, f"{at}/minimum_amount")


def _validate_parts(price: Price, at: str) -> None:
    parts = PARTS[price.model]
    for name in sorted(_ALL_PARTS):
        if getattr(price, name) and name not in parts:
            raise PartNotAllowed(f"a {price.model} price has no {name}; leave it out", field=f"{at}/{name}")
        if parts.get(name) and getattr(price, name) in (None, ()):
            raise PartMissing(f"a {price.model} price needs {name}", field=f"{at}/{name}")


def _validate_package(package: Package | None, at: str) -> None:
    if package is not None:
        positive(package.size, f"{at}/size")
        non_negative(package.amount, f"{at}/amount")
        non_negative(package.free, f"{at}/free")


def _validate_percentage(percentage: Percentage | None, at: str) -> None:
    if percentage is None:
        return
    for field in fields(percentage):
        non_negative(getattr(percentage, field.name), f"{at}/{field.name}")
    _validate_order(percentage.minimum_per_event, percentage.maximum_per_event, f"{at}/minimum_per_event")


def _validate_convert(convert: Conversion | None, at: str) -> None:
    if convert is not None:
        positive(convert.divide_by, f"{at}/divide_by")


def _validate_discount(discount: Discount | None, at: str) -> None:
    if discount is None:
        return
    non_negative(discount.quantity, f"{at}/quantity")
    non_negative(discount.percent, f"{at}/percent")
    if discount.percent is not None and discount.percent > 100:
        raise PercentTooHigh("take off at most 100 percent", field=f"{at}/percent")


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except UnknownCurrency:
        return False
    return True


def _validate_credit(credit: CreditUnit | None, at: str) -> None:
    if credit is None:
        return
    if not _CREDIT_CODE.fullmatch(credit.code):
        raise CreditCodeMalformed("give 1 to 40 letters, digits, points, dashes or underscores", field=f"{at}/code")
    if _is_currency(credit.code):
        raise CreditIsCurrency("a currency has a price list of its own; nothing is converted", field=f"{at}/code")
    positive(credit.unit_amount, f"{at}/unit_amount")


def _validate_quantity_steps(price: Price, at: str) -> None:
    """A percentage prices events one by one: there is no quantity to convert or to include."""
    if price.model != "percentage":
        return
    if price.convert is not None:
        raise PartNotAllowed("a percentage price has no convert; leave it out", field=f"{at}/convert")
    if price.discount is not None and price.discount.quantity is not None:
        raise PartNotAllowed("use free_value or free_events of the percentage", field=f"{at}/discount/quantity")


def _validate_order(minimum: Decimal | None, maximum: Decimal | None, at: str) -> None:
    if minimum is not None and maximum is not None and minimum > maximum:
        raise LimitsCrossed("the minimum is above the maximum", field=at)
