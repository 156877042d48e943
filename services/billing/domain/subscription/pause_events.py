"""What happened to a subscription that rests for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.changes import Pause, Resumption
from services.billing.domain.subscription.events import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPaused:
    facts: Facts
    pause: Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionResumed:
    """The facts have the new end, where the term was extended. `anchor` as in a renewal; `line` is that of the term."""

    facts: Facts
    resumption: Resumption
    anchor: date
    line: AgreedLine
    is_renewing: bool
