"""A subscription: the terms a customer agreed to, one after another, and what of them was billed."""

from services.billing.domain.subscription.commands import SubscriptionCommand
from services.billing.domain.subscription.decide import decide
from services.billing.domain.subscription.event_types import EVENT_TYPES, SubscriptionEvent
from services.billing.domain.subscription.evolve import evolve
from services.billing.domain.subscription.state import Subscription
from shared.decider import Decider

SUBSCRIPTION: Decider[Subscription | None, SubscriptionCommand, SubscriptionEvent] = Decider(
    "subscription", None, decide, evolve, EVENT_TYPES
)
