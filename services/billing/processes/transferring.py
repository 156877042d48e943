"""From a contract that is another customer's now to the subscription that it goes on as."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.transferring import taken_over
from shared.orders import Order


def on_effected(subscription: Subscription, at: datetime) -> Iterator[Order]:
    """Nothing for a timer of a transfer that was withdrawn, or put off."""
    transferred = subscription.transferred
    if transferred is not None and transferred.at == at:
        yield Order(SUBSCRIPTION, transferred.subscription_id, taken_over(subscription, transferred))
