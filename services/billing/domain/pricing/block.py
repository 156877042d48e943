"""Block: started blocks, each tier with a number of blocks of its own size and amount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.package import started
from services.billing.domain.pricing.price import ZERO, Price, required
from services.billing.domain.pricing.rated import NOTHING, Priced, PricingModel, TierUse
from shared.money import EXACT


def model(price: Price) -> PricingModel:
    """`all_tiers` fills tier after tier; `top_tier` takes all units in blocks of the tier that the total falls into."""
    tiers = tuple(_block_tiers(price))
    uses_of = _filled if price.block_mode == "all_tiers" else _topmost

    def priced(quantity: Decimal) -> Priced:
        if not quantity:
            return NOTHING
        uses = tuple(uses_of(tiers, quantity))
        return total(use.amount for use in uses), uses

    return priced


@dataclass(frozen=True, slots=True)
class _BlockTier:
    start: Decimal
    up_to: Decimal | None
    size: Decimal
    amount: Decimal

    def use(self, start: Decimal, end: Decimal) -> TierUse:
        blocks = started(EXACT.subtract(end, start), self.size)
        return TierUse(start, self.up_to, blocks, self.amount, ZERO, EXACT.multiply(blocks, self.amount))


def _block_tiers(price: Price) -> Iterator[_BlockTier]:
    start = ZERO
    for index, tier in enumerate(price.tiers):
        size = required(tier.block_size, f"/tiers/{index}/block_size")
        amount = required(tier.block_amount, f"/tiers/{index}/block_amount")
        up_to = None if tier.blocks is None else EXACT.fma(size, Decimal(tier.blocks), start)
        yield _BlockTier(start, up_to, size, amount)
        start = up_to or start


def _filled(tiers: tuple[_BlockTier, ...], quantity: Decimal) -> Iterator[TierUse]:
    for tier in tiers:
        if quantity > tier.start:
            yield tier.use(tier.start, quantity if tier.up_to is None else min(quantity, tier.up_to))


def _topmost(tiers: tuple[_BlockTier, ...], quantity: Decimal) -> Iterator[TierUse]:
    top = next(tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to)
    yield top.use(ZERO, quantity)
