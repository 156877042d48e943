"""When a quote must be told the time: an offer ends by itself."""

from __future__ import annotations

from collections.abc import Iterable

from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import ExpireQuote
from services.billing.domain.quote.events import QuoteSent
from shared.event_store import Recorded
from shared.orders import Order
from shared.timers import Timer
from shared.unit_of_work import UnitOfWork

QUOTE_EXPIRY = "quote_expiry"


def quote_timers(recorded: Recorded) -> Iterable[Timer]:
    match recorded.event:
        case QuoteSent(valid_until=valid_until):
            yield Timer(
                tenant_id=recorded.tenant_id, name=QUOTE_EXPIRY, subject=recorded.stream_id, fire_at=valid_until
            )


def on_quote_expiry(timer: Timer, unit: UnitOfWork) -> Iterable[Order]:
    """For an offer that is decided or was replaced meanwhile the order changes nothing."""
    yield Order(QUOTE, timer.subject, ExpireQuote(at=timer.fire_at))
