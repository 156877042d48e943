"""What the tiers of a price have to be: complete, ascending, and the last one alone open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.billing.domain.pricing.limits import non_negative, positive
from services.billing.domain.pricing.price import PartMissing, Price, Tier
from shared.errors import DomainError

MAX_TIERS = 100


@dataclass(frozen=True, slots=True)
class _Parts:
    step: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ("flat_amount",)

    def __contains__(self, name: str) -> bool:
        return name == self.step or name in self.needed or name in self.optional


_PARTS = {
    "graduated": _Parts("up_to", ("unit_amount",)),
    "volume": _Parts("up_to", ("unit_amount",)),
    "graduated_percentage": _Parts("up_to", ("rate",)),
    "block": _Parts("blocks", ("block_size", "block_amount"), ()),
}
_SIZES = ("up_to", "blocks", "block_size")
_AMOUNTS = ("unit_amount", "flat_amount", "rate", "block_amount")


class TooManyTiers(DomainError):
    """A price list has an end."""


class TiersOverlap(DomainError):
    """Each tier begins where the one before it ends, so their bounds ascend."""


class TwoOpenTiers(DomainError):
    """Behind an open tier no other can be reached."""


class LastTierNotOpen(DomainError):
    """Usage above the last bound would have no price."""


class TierPartNotAllowed(DomainError):
    """A part that this model's tiers do not price with would be ignored in silence."""


def validate_tiers(price: Price, at: str) -> None:
    if not price.tiers:
        return
    if len(price.tiers) > MAX_TIERS:
        raise TooManyTiers(f"give at most {MAX_TIERS} tiers", field=at)
    parts = _PARTS[price.model]
    for index, tier in enumerate(price.tiers):
        _validate_parts(tier, parts, f"{at}/{index}")
        _validate_numbers(tier, f"{at}/{index}")
    _validate_open([getattr(tier, parts.step) for tier in price.tiers], parts.step, at)
    _validate_ascending(price.tiers, at)


def _validate_parts(tier: Tier, parts: _Parts, at: str) -> None:
    for name in parts.needed:
        if getattr(tier, name) is None:
            raise PartMissing(f"a tier of this model needs {name}", field=f"{at}/{name}")
    for name in (*_SIZES, *_AMOUNTS):
        if getattr(tier, name) and name not in parts:
            raise TierPartNotAllowed(f"a tier of this model has no {name}; leave it out", field=f"{at}/{name}")


def _validate_numbers(tier: Tier, at: str) -> None:
    for name in _SIZES:
        positive(getattr(tier, name), f"{at}/{name}")
    for name in _AMOUNTS:
        non_negative(getattr(tier, name), f"{at}/{name}")


def _validate_open(ends: Sequence[object], step: str, at: str) -> None:
    *closed, last = ends
    if last is not None:
        raise LastTierNotOpen(f"leave {step} of the last tier empty", field=f"{at}/{len(closed)}/{step}")
    if None in closed:
        raise TwoOpenTiers(f"give {step}: only the last tier is open", field=f"{at}/{closed.index(None)}/{step}")


def _validate_ascending(tiers: tuple[Tier, ...], at: str) -> None:
    bounds = [tier.up_to for tier in tiers if tier.up_to is not None]
    for index, (previous, bound) in enumerate(pairwise(bounds), start=1):
        if bound <= previous:
            raise TiersOverlap(f"give more than {previous}, where the tier before ends", field=f"{at}/{index}/up_to")
