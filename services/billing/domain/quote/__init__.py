"""An offer to a customer: drafted, approved where its discount asks for it, sent, and decided by the customer."""

from __future__ import annotations

from services.billing.domain.quote import events
from services.billing.domain.quote.commands import QuoteCommand
from services.billing.domain.quote.decide import decide
from services.billing.domain.quote.evolve import evolve
from services.billing.domain.quote.state import Quote
from shared.decider import Decider

__all__ = ["QUOTE"]

QUOTE: Decider[Quote | None, QuoteCommand, events.QuoteEvent] = Decider(
    "quote",
    initial=None,
    decide=decide,
    evolve=evolve,
    event_types={
        "quote_drafted": events.QuoteDrafted,
        "quote_revised": events.QuoteRevised,
        "quote_approval_requested": events.QuoteApprovalRequested,
        "quote_approved": events.QuoteApproved,
        "quote_refused": events.QuoteRefused,
        "quote_sent": events.QuoteSent,
        "quote_outdated": events.QuoteOutdated,
        "quote_accepted": events.QuoteAccepted,
        "quote_declined": events.QuoteDeclined,
        "quote_withdrawn": events.QuoteWithdrawn,
        "quote_expired": events.QuoteExpired,
    },
)
