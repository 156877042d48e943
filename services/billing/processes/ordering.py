"""From an accepted quote to subscriptions: one for each line, at the prices that were accepted; the first one charges what
is charged once."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import CreateSubscription
from shared.orders import Order


def subscription_id(quote_id: UUID, line: int) -> UUID:
    return uuid5(quote_id, f"subscription:{line}")


def on_quote_accepted(quote_id: UUID, quote: Quote) -> Iterator[Order]:
    for number, line in enumerate(quote.lines, start=1):
        id_ = subscription_id(quote_id, number)
        command = CreateSubscription(
            subscription_id=id_,
            party=quote.party,
            line=line,
            quote_id=quote_id,
            purchase_order=quote.purchase_order,
            one_offs=quote.one_offs.items if number == 1 else (),
        )
        yield Order(SUBSCRIPTION, id_, command)
