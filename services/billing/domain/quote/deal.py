"""What stays the same through all versions of a quote: who it is for, and what it is to start or to renew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.billing.domain.agreement import Party
from shared.money import Money

Purpose = Literal["new", "renewal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """`prior_annual` is the annual flat value before a renewal; `external_id` is the CRM's name for the quote. `channel`
    names the price list that it is made from."""

    quote_id: UUID
    purpose: Purpose
    party: Party
    requested_by: str
    prior_annual: Money | None = None
    subscription_id: UUID | None = None
    opportunity_id: UUID | None = None
    external_id: str | None = None
    channel: str | None = None
