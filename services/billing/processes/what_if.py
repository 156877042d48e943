"""What bills would have come to at another price list: nothing is booked, and nothing is guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.billing.domain.invoice.amounts import Amounts, GroupTotals
from services.billing.domain.price_list import PriceList, Repriced, repriced
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription

Item = FlatItem | UsageItem


@dataclass(frozen=True, slots=True)
class Untold:
    """An item that is left out on both sides, and why."""

    subscription: Subscription
    item: Item
    reason: str


@dataclass(slots=True)
class Compared:
    """Net minor units by charge, at the agreed prices and at the others; `periods` of usage went into both."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)
    untold: list[Untold] = field(default_factory=list)
    periods: int = 0

    def add(self, other: Compared) -> None:
        self.before.update(other.before)
        self.after.update(other.after)
        self.kept |= other.kept
        self.untold += other.untold
        self.periods += other.periods


def compare(
    subscription: Subscription, bills: Sequence[Bill], usage: Mapping[UUID, GroupTotals], prices: PriceList
) -> Compared:
    """Fees and corrections of earlier invoices are left out, as no price list changes them."""
    other = repriced(subscription, prices)
    found, agreed, wanted = Compared(kept=other.kept), Amounts(subscription), Amounts(other.subscription)
    for bill in bills:
        left_out = list(_left_out(subscription, other, bill))
        found.untold += left_out
        told = _without(bill, [untold.item for untold in left_out])
        found.before.update(agreed.by_charge(told, usage))
        found.after.update(wanted.by_charge(told, usage))
        found.periods += len(told.usage)
    return found


def _left_out(subscription: Subscription, other: Repriced, bill: Bill) -> Iterator[Untold]:
    """What shares a coupon or a minimum with an item of which the amount is not known is not known, either."""
    items: list[Item] = [*bill.flat, *bill.usage]
    reasons = {item: reason for item in items if (reason := _reason(other, item))}
    if not reasons:
        return
    for item in items:
        if item in reasons:
            yield Untold(subscription, item, reasons[item])
        elif _is_shared(subscription, item):
            yield Untold(subscription, item, "it shares a coupon or a minimum with what is not known")


def _reason(other: Repriced, item: Item) -> str | None:
    return other.untold.get((item.term_number, item.amendment, item.charge))


def _is_shared(subscription: Subscription, item: Item) -> bool:
    line = subscription.line(item.term_number, item.amendment)
    return bool(subscription.term(item.term_number).line.coupons or (line.minimum and isinstance(item, UsageItem)))


def _without(bill: Bill, items: Sequence[Item]) -> Bill:
    return Bill(
        invoice_id=bill.invoice_id,
        billing_on=bill.billing_on,
        billed_at=bill.billed_at,
        flat=tuple(item for item in bill.flat if item not in items),
        usage=tuple(item for item in bill.usage if item not in items),
        fees=(),
    )
