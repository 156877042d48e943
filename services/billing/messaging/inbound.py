"""What billing listens to, and which process answers."""

from collections.abc import Mapping

from shared.inbox import Handlers
from shared.timers import TimerHandler

TOPICS = [
    "billing.quotes",
    "billing.subscriptions",
    "billing.invoices",
    "usage.meters",
    "usage.periods",
    "renewals.policies",
    "renewals.opportunities",
]

HANDLERS: Handlers = {}
TIMERS: Mapping[str, TimerHandler] = {}
