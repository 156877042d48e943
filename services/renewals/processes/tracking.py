"""Remembers every term that billing tells us of, so that our own clock can open its renewal."""

from __future__ import annotations

from datetime import datetime

from services.renewals.domain.opportunity import OPPORTUNITY, opportunity_id
from services.renewals.domain.opportunity.commands import TrackTerm
from services.renewals.domain.opportunity.term import ExpiringTerm
from shared.orders import Order


def on_term_known(*, term: ExpiringTerm, at: datetime) -> list[Order]:
    """For a subscription that was created, a term that started and a term that was renewed alike."""
    stream_id = opportunity_id(term.subscription_id, term.number)
    return [Order(OPPORTUNITY, stream_id, TrackTerm(term=term, at=at))]
