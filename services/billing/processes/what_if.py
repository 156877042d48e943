"""What bills would have come to at another price list: nothing is booked, and nothing is guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from services.billing.domain.invoice.amounts import Amounts, Items, Usage, is_apart
from services.billing.domain.invoice.line_edits import LineEdit
from services.billing.domain.price_list import PriceList, Repriced, Repricing
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription

Item = FlatItem | UsageItem
Edits = Mapping[UUID, Sequence[LineEdit]]
NOT_EDITED: Edits = MappingProxyType({})


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


class Comparison:
    """One price list over any number of subscriptions; what their lines cost is found out once for those that share one."""

    def __init__(self, prices: PriceList):
        self._repricing = Repricing(prices)
        self._agreed = Amounts()
        self._wanted = Amounts(lambda line, currency: self._repricing.of(line, currency).line)

    def add(
        self,
        found: Compared,
        subscription: Subscription,
        bills: Sequence[Bill],
        usage: Usage,
        edits: Edits = NOT_EDITED,
    ) -> None:
        """Fees and corrections of earlier invoices are left out, as no price list changes them. What a quote charges once, and
        what people changed of a draft, `edits` by invoice, is on both sides as it is."""
        repriced = self._repriced(subscription)
        for each in repriced:
            found.kept |= each.kept
        is_told = not any(each.untold for each in repriced)
        for bill in bills:
            told = bill if is_told else self._told(found, subscription, bill)
            changed = edits.get(bill.invoice_id, ())
            self._agreed.add(found.before, subscription, told, usage, changed)
            self._wanted.add(found.after, subscription, told, usage, changed)
            found.periods += len(told.usage)

    def is_apart(self, subscription: Subscription) -> bool:
        """What it was billed may be told as items, in no order and without their bills: nothing of it is shared or left out."""
        return is_apart(subscription) and not any(each.untold for each in self._repriced(subscription))

    def add_items(self, found: Compared, subscription: Subscription, items: Items) -> None:
        """The same as `add`, of a subscription that `is_apart` and of bills that nobody edited."""
        for each in self._repriced(subscription):
            found.kept |= each.kept
        self._agreed.add_items(found.before, subscription, items)
        self._wanted.add_items(found.after, subscription, items)
        found.periods += sum(len(metered.totals) for metered in items.metered)

    def _repriced(self, subscription: Subscription) -> list[Repriced]:
        return [self._repricing.of(line, subscription.currency) for line in subscription.agreed_lines]

    def _told(self, found: Compared, subscription: Subscription, bill: Bill) -> Bill:
        left_out = list(self._left_out(subscription, bill))
        found.untold += left_out
        return _without(bill, [untold.item for untold in left_out], self._trued_up(subscription, bill, left_out))

    def _trued_up(self, subscription: Subscription, bill: Bill, left_out: Sequence[Untold]) -> tuple[int, ...]:
        """Terms of which all usage is known, on this bill and on earlier ones."""
        unknown = {untold.item.term_number for untold in left_out}
        for use in bill.earlier:
            items: list[Item] = [*use.flat, *use.usage]
            if any(self._reason(subscription, item) for item in items):
                unknown.add(use.term_number)
        return tuple(number for number in bill.true_up_terms if number not in unknown)

    def _left_out(self, subscription: Subscription, bill: Bill) -> Iterator[Untold]:
        """What shares a coupon or a minimum with an item of which the amount is not known is not known, either."""
        items: list[Item] = [*bill.flat, *bill.usage]
        reasons = {item: reason for item in items if (reason := self._reason(subscription, item))}
        if not reasons:
            return
        for item in items:
            if item in reasons:
                yield Untold(subscription, item, reasons[item])
            elif _is_shared(subscription, item):
                yield Untold(subscription, item, "it shares a coupon or a minimum with what is not known")

    def _reason(self, subscription: Subscription, item: Item) -> str | None:
        line = subscription.line(item.term_number, item.amendment)
        return self._repricing.of(line, subscription.currency).untold.get(item.charge)


def _is_shared(subscription: Subscription, item: Item) -> bool:
    line = subscription.line(item.term_number, item.amendment)
    return bool(subscription.term(item.term_number).line.coupons or (line.minimum and isinstance(item, UsageItem)))


def _without(bill: Bill, items: Sequence[Item], true_up_terms: tuple[int, ...]) -> Bill:
    return Bill(
        invoice_id=bill.invoice_id,
        billing_on=bill.billing_on,
        billed_at=bill.billed_at,
        flat=tuple(item for item in bill.flat if item not in items),
        usage=tuple(item for item in bill.usage if item not in items),
        fees=(),
        one_offs=bill.one_offs,
        coupons=bill.coupons,
        true_up_terms=true_up_terms,
        earlier=tuple(use for use in bill.earlier if use.term_number in true_up_terms),
    )
