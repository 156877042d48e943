"""What happened to a subscription that goes over to another customer."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.domain.subscription.changes import Transfer, TransferRefusal
from services.billing.domain.subscription.events import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferScheduled:
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWithdrawn:
    reason: TransferRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTransferred:
    """The facts are those of the term in which it was somebody else's from then on."""

    facts: Facts
    transfer: Transfer
