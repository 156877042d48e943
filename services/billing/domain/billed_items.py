"""What of a contract stands on bills: each item by what it is billed by and its first day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.subscription.events import Bill, Fee, FlatItem, UsageItem
from services.billing.domain.subscription.state import billing_key

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledItem:
    key: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Billed:
    """`through` says up to which day each key was billed; `waiting` are the items of bills that have no invoice."""

    through: Mapping[str, date] = field(default_factory=dict)
    waiting: Set[tuple[str, date]] = frozenset()

    def is_open(self, key: str, starts_on: date) -> bool:
        """On no invoice: not billed, or billed and waiting."""
        return starts_on >= self.through.get(key, date.min) or (key, starts_on) in self.waiting


def items_of_bill(bill: Bill) -> Iterator[BilledItem]:
    yield from (flat_item(item) for item in bill.flat)
    yield from (usage_item(item) for item in bill.usage)
    yield from (fee_item(fee) for fee in bill.fees)
    yield from (once_item(item) for item in bill.one_offs)


def flat_item(item: FlatItem) -> BilledItem:
    key = billing_key(item.charge, item.amendment, item.resumption)
    return BilledItem(key=key, starts_on=item.starts_on, ends_on=item.ends_on)


def usage_item(item: UsageItem) -> BilledItem:
    return BilledItem(key=billing_key(item.charge, item.amendment), starts_on=item.starts_on, ends_on=item.ends_on)


def fee_item(fee: Fee) -> BilledItem:
    """A fee is billed once and whole. No charge has a code with a space in it."""
    of = fee.late.invoice_id if fee.late else fee.term_number
    on = fee.assessed_at.date()
    return BilledItem(key=f"fee {of} {fee.assessed_at.isoformat()}", starts_on=on, ends_on=on + DAY)


def once_item(item: OneOffItem) -> BilledItem:
    """The same whichever day it is billed on."""
    on = item.agreed.delivered_on or date.min
    return BilledItem(key=f"once {item.quote_id} {item.agreed.code}", starts_on=on, ends_on=on + DAY)
