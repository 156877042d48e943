"""What happened to a subscription that waited before others heard of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.subscription.changes import Start, WaitsFor
from services.billing.domain.subscription.events import Facts, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionReleased:
    """What it waited for has come at an instant, and others hear of it as of one that was just created. `term` is the first
    one, with all that it was waited for; with a `start` it begins on that day."""

    facts: Facts
    term: Term
    waited_for: WaitsFor
    at: datetime
    start: Start | None = None
