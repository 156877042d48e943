"""Follows the renewal quote that billing drafts and the customer accepts there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.domain.opportunity.commands import RecordQuote, WinOpportunity
from services.renewals.domain.opportunity.value import RenewalValue
from shared.orders import Order

RENEWAL = "renewal"


def on_quote_drafted(*, purpose: str, opportunity_id: UUID | None, quote_id: UUID, at: datetime) -> list[Order]:
    if purpose != RENEWAL or opportunity_id is None:
        return []
    return [Order(OPPORTUNITY, opportunity_id, RecordQuote(quote_id=quote_id, at=at))]


def on_quote_accepted(
    *,
    purpose: str,
    opportunity_id: UUID | None,
    quote_id: UUID,
    value: RenewalValue | None,
    term_months: int,
    accepted_at: datetime,
) -> list[Order]:
    """Only the acceptance of a renewal quote decides an opportunity; other quotes carry no renewal value."""
    if purpose != RENEWAL or opportunity_id is None or value is None:
        return []
    win = WinOpportunity(quote_id=quote_id, value=value, term_months=term_months, at=accepted_at)
    return [Order(OPPORTUNITY, opportunity_id, win)]
