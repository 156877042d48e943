"""What an agreed line makes of items and totals, found out once for all subscriptions that share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice.compose import NOTHING_METERED
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.filtered import price_of
from services.billing.domain.pricing.minor_units import minor_units
from services.billing.domain.subscription.events import FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import billed_period

# Of each group of a closed period: the group, its quantity, and how many events made it.
GroupTotals = list[tuple[str, Decimal, int]]

_NOTHING: GroupTotals = [(NOTHING_METERED.group, NOTHING_METERED.quantity, NOTHING_METERED.count)]
_ready = lru_cache(maxsize=4096)(minor_units)


@dataclass(slots=True)
class Tariff:
    """Minor units of items that are for this line. `full` are those of full periods, and `metered` prices totals, by
    charge; with a ramp an item has the phase in which it begins, and nothing is remembered."""

    line: AgreedLine
    currency: str
    full: dict[str, int] = field(default_factory=dict)
    metered: dict[str, Callable[[GroupTotals], int]] = field(default_factory=dict)

    def flat(self, subscription: Subscription, item: FlatItem) -> int:
        period = billed_period(item)
        is_alike = period.part == period.nominal and not self.line.ramp
        if is_alike and item.charge in self.full:
            return self.full[item.charge]
        charges = subscription.flat_charges(self.line)
        amount = charges.of_period(self.line.charge(item.charge), period).net.minor
        if is_alike:
            self.full[item.charge] = amount
        return amount

    def usage(self, item: UsageItem, totals: GroupTotals) -> int:
        if self.line.ramp:
            return _pricing(self.line.on(item.starts_on).charge(item.charge), self.currency)(totals)
        return self._priced(item.charge)(totals)

    def usage_of_all(self, charge: str, totals: Sequence[GroupTotals]) -> int:
        """Of any number of periods of a charge, each rounded by itself. Not for a line with a ramp."""
        return sum(map(self._priced(charge), totals))

    def _priced(self, charge: str) -> Callable[[GroupTotals], int]:
        minor = self.metered.get(charge)
        if minor is None:
            minor = self.metered[charge] = _pricing(self.line.charge(charge), self.currency)
        return minor


def _pricing(charge: Charge, currency: str) -> Callable[[GroupTotals], int]:
    """A charge without groups costs something also where nothing was metered; one by group nothing without usage."""
    otherwise: GroupTotals = [] if charge.group_by else _NOTHING
    if charge.filtered_prices:
        return lambda totals: sum(_filtered(charge, currency, totals or otherwise))
    minor = _ready(charge.price, currency)

    def priced(totals: GroupTotals) -> int:
        if len(totals) == 1:
            _, quantity, count = totals[0]
            return minor(quantity, count)
        return sum([minor(quantity, count) for _, quantity, count in totals or otherwise])

    return priced


def _filtered(charge: Charge, currency: str, totals: GroupTotals) -> Iterable[int]:
    for group, quantity, count in totals:
        price = price_of(group, charge.group_by, charge.filtered_prices, charge.price)
        yield _ready(price, currency)(quantity, count)
