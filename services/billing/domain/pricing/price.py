"""A price as data: what is stored in plans and quotes, and what `rate` turns a quantity into money with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from shared.errors import DomainError

ZERO = Decimal(0)
Part = TypeVar("Part")

Model = Literal["per_unit", "graduated", "volume", "package", "percentage", "graduated_percentage", "dynamic", "block"]
BlockMode = Literal["all_tiers", "top_tier"]
ConversionRounding = Literal["up", "down", "nearest", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One step of a tiered price. `up_to` is inclusive; None leaves the last tier open.

    graduated and volume use `unit_amount`, graduated_percentage `rate`; block counts `blocks` of `block_size` instead.
    """

    up_to: Decimal | None = None
    unit_amount: Decimal | None = None
    flat_amount: Decimal = ZERO
    rate: Decimal | None = None
    blocks: int | None = None
    block_size: Decimal | None = None
    block_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`amount` for each started package of `size` units beyond the `free` ones."""

    size: Decimal
    amount: Decimal
    free: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """A share (0.029 is 2.9 %) of the value of each event, with what is added to it, free of it, and its limits."""

    rate: Decimal
    fixed_per_event: Decimal = ZERO
    free_events: int = 0
    free_value: Decimal = ZERO
    minimum_per_event: Decimal | None = None
    maximum_per_event: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """From the unit that is metered to the unit that is priced: bytes to started gigabytes."""

    divide_by: Decimal
    round: ConversionRounding = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """`quantity` units of the period are included; `percent` (10 is 10 %) is taken off the price of the rest."""

    quantity: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUnit:
    """A unit of the seller's own, such as a token; one of them costs `unit_amount` in the currency of the price list."""

    code: str
    unit_amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Amounts are in major units of the currency it is listed under, or with `credit` in units of that: these are turned
    into money last, before the one rounding. Which parts a model has: `validation.PARTS`."""

    model: Model
    unit_amount: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    fixed_amount: Decimal = ZERO
    flat_at_zero: bool = False
    package: Package | None = None
    percentage: Percentage | None = None
    multiplier: Decimal | None = None
    block_mode: BlockMode | None = None
    convert: Conversion | None = None
    discount: Discount | None = None
    maximum_amount: Decimal | None = None
    minimum_amount: Decimal | None = None
    credit: CreditUnit | None = None

    @property
    def is_plain(self) -> bool:
        """An amount for each unit and nothing else."""
        return self == Price(model="per_unit", unit_amount=self.unit_amount)


class PartMissing(DomainError):
    """The model cannot do without this part."""


def required(part: Part | None, field: str) -> Part:
    if part is None:
        raise PartMissing(f"give {field.rsplit('/', 1)[-1]}: this model prices with it", field=field)
    return part
