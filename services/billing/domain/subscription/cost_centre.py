"""For which cost centre of the customer a contract is billed, day by day."""

from __future__ import annotations

from datetime import date

from services.billing.domain.subscription.state import Subscription


def cost_centre_on(subscription: Subscription, term_number: int, day: date) -> str | None:
    """What is for days from this one on: an item is for the cost centre of its first day, however far it reaches."""
    return subscription.line_on(subscription.term(term_number), day).cost_centre
