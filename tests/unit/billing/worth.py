"""What a contract that lives in memory is worth, as a projection would say it."""

from __future__ import annotations

from collections.abc import Iterable

from services.billing.domain import contract_value
from services.billing.domain.billed_items import Billed, items_of_bill, once_item
from services.billing.domain.contract_value import ByClass, items_of
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription


def agreed(subscription: Subscription) -> ByClass:
    return contract_value.agreed(items_of(subscription))


def billed_of(subscription: Subscription, waiting: Iterable[Bill]) -> Billed:
    """`waiting` are bills without an invoice."""
    places = {(item.key, item.starts_on) for bill in waiting for item in items_of_bill(bill)}
    once = map(once_item, subscription.one_offs if subscription.one_offs_on else ())
    return Billed(subscription.billed_through | {item.key: item.ends_on for item in once}, places)


def outstanding(subscription: Subscription, waiting: Iterable[Bill]) -> ByClass:
    return contract_value.outstanding(items_of(subscription), billed_of(subscription, waiting))
