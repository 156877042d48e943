"""Bills of usage whose period goes on: when there is one, and what the bill of the period has to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from services.billing.domain.billed_ahead import BilledAhead
from services.billing.domain.subscription.billing import next_invoice_id
from services.billing.domain.subscription.commands import ReleaseAhead, RequestInterimBill
from services.billing.domain.subscription.events import BillRequested, UsageItem
from services.billing.domain.subscription.state import Subscription, billing_key
from shared.errors import Conflict


class BilledSince(Conflict):
    """The bill of the period has taken off what the interim invoice billed: without it that usage would be given away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledAheadReleased:
    """An interim invoice will not be paid: what it billed is for the bill of the period."""

    invoice_id: UUID


def request_interim(subscription: Subscription, command: RequestInterimBill) -> Iterator[BillRequested]:
    """Nothing where a bill of the periods was asked for meanwhile."""
    bill = command.bill
    is_open = all(is_unbilled(subscription, item) for item in bill.used)
    if is_open and subscription.cancelled is None and bill.invoice_id == next_invoice_id(subscription):
        yield BillRequested(bill=bill)


def is_unbilled(subscription: Subscription, item: UsageItem) -> bool:
    key = billing_key(item.charge, item.amendment)
    return subscription.billed_through.get(key, subscription.anchor) <= item.starts_on


def release_ahead(subscription: Subscription, command: ReleaseAhead) -> Iterator[BilledAheadReleased]:
    """Raises BilledSince."""
    if not any(each.invoice_id == command.invoice_id for each in subscription.ahead):
        raise BilledSince("the period is billed by now: credit the invoice instead", field="/invoice_id")
    yield BilledAheadReleased(invoice_id=command.invoice_id)


def released(subscription: Subscription, event: BilledAheadReleased) -> tuple[BilledAhead, ...]:
    return tuple(each for each in subscription.ahead if each.invoice_id != event.invoice_id)
