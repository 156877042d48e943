"""What a bill comes to by charge, without the lines that explain it: for questions over many bills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.invoice.compose import NOTHING_METERED, billed_period, compose, prorated_minimum, when
from services.billing.domain.invoicing.commitment import true_up
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.filtered import price_of
from services.billing.domain.pricing.minor_units import minor_units
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import PeriodTotal, UsagePeriod
from shared.money import Money

# Of each group of a closed period: the group, its quantity, and how many events made it.
GroupTotals = Sequence[tuple[str, Decimal, int]]

_NOTHING: GroupTotals = ((NOTHING_METERED.group, NOTHING_METERED.quantity, NOTHING_METERED.count),)
_ready = lru_cache(maxsize=4096)(minor_units)


@dataclass(slots=True)
class Amounts:
    """Of one subscription, bill by bill; the same as the lines of `compose`, which are made only where coupons share."""

    subscription: Subscription
    full: dict[tuple[int, int, str], int] = field(default_factory=dict)

    def by_charge(self, bill: Bill, usage: Mapping[UUID, GroupTotals]) -> Counter[str]:
        """Net minor units of what is flat, of usage and of true-ups."""
        items: list[FlatItem | UsageItem] = [*bill.flat, *bill.usage]
        if any(_is_shared(self._line(item), self.subscription.term(item.term_number).line) for item in items):
            return self._composed(bill, usage)
        found: Counter[str] = Counter()
        for flat in bill.flat:
            found[flat.charge] += self._flat(flat)
        periods: dict[tuple[int, str], tuple[UsageItem, int]] = {}
        for item in bill.usage:
            amount = self._usage(item, usage[item.period_id])
            found[item.charge] += amount
            first, so_far = periods.get(when(item), (item, 0))
            periods[when(item)] = first, so_far + amount
        for item, amount in periods.values():
            self._lift(found, item, amount)
        return found

    def _line(self, item: FlatItem | UsageItem) -> AgreedLine:
        return self.subscription.line(item.term_number, item.amendment)

    def _flat(self, item: FlatItem) -> int:
        line, period, key = self._line(item), billed_period(item), (item.term_number, item.amendment, item.charge)
        is_alike = period.part == period.nominal and not line.ramp
        if is_alike and key in self.full:
            return self.full[key]
        subscription = self.subscription
        charges = FlatCharges(
            line=line, currency=subscription.currency, anchor=subscription.anchor, zone=subscription.party.zone
        )
        amount = charges.of_period(line.charge(item.charge), period).net.minor
        if is_alike:
            self.full[key] = amount
        return amount

    def _usage(self, item: UsageItem, totals: GroupTotals) -> int:
        charge, currency = self._line(item).on(item.starts_on).charge(item.charge), self.subscription.currency
        found = totals or (() if charge.group_by else _NOTHING)
        if charge.filtered_prices:
            return sum(_filtered(charge, currency, found))
        minor = _ready(charge.price, currency)
        return sum(minor(quantity, count) for _, quantity, count in found)

    def _lift(self, found: Counter[str], item: UsageItem, usage: int) -> None:
        line, currency = self._line(item), self.subscription.currency
        if line.minimum is not None:
            minimum = prorated_minimum(self.subscription, line, line.minimum, item)
            found[line.minimum.code] += true_up(minimum, [Money(usage, currency)]).minor

    def _composed(self, bill: Bill, usage: Mapping[UUID, GroupTotals]) -> Counter[str]:
        periods = {item.period_id: self._period(item, usage[item.period_id]) for item in bill.usage}
        found: Counter[str] = Counter()
        for line in compose(self.subscription, bill, periods):
            found[line.charge] += line.amount.minor
        return found

    def _period(self, item: UsageItem, totals: GroupTotals) -> UsagePeriod:
        told = tuple(PeriodTotal(group=group, quantity=quantity, count=n, digest="") for group, quantity, n in totals)
        id_, ends_at = self.subscription.subscription_id, self.subscription.instant(item.ends_on)
        return UsagePeriod(subscription_id=id_, item=item, ends_at=ends_at, closed=True, totals=told)


def _is_shared(line: AgreedLine, agreed: AgreedLine) -> bool:
    """Among lines, or with the tax: then there is no amount without the lines."""
    return bool(agreed.coupons) or line.tax_inclusive


def _filtered(charge: Charge, currency: str, totals: GroupTotals) -> Iterable[int]:
    for group, quantity, count in totals:
        price = price_of(group, charge.group_by, charge.filtered_prices, charge.price)
        yield _ready(price, currency)(quantity, count)
