"""What documents are written with: invoices as they stand, the numbers that come next, and who pays ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.billing.domain.agreement import Party
from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from services.billing.domain.wallet.state import Wallet
from shared.money import Money

# A subscription as it is by now, with the version of its stream.
Contract = tuple[Subscription, int]
Contracts = Callable[[UUID], Contract]


def _no_period(period_id: UUID) -> UsagePeriod:
    raise LookupError(period_id)


def _none(subscription_id: UUID) -> Contract:
    raise LookupError(subscription_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What documents are written with: invoices as they stand, the numbers that come next, and the instant at which what
    is answered took effect. A number is asked for last, because that locks its counter. Above its `bound`, by currency in
    minor units, no bill is issued by itself. `wallets` are those of a customer that have something left, asked for once the
    number is taken: whoever issues at the same time waits for it. `contract` is asked for the subscriptions of an invoice of
    several, `period` for usage that was billed ahead."""

    invoice: Callable[[UUID], Invoice]
    legal_entity: str
    next_number: Callable[[], Number]
    next_credit_note: Callable[[], Number]
    at: datetime
    bounds: Mapping[str, int] = field(default_factory=dict)
    wallets: Callable[[Party], Sequence[Wallet]] = lambda party: ()
    wallet: Callable[[UUID], Wallet | None] = lambda wallet_id: None
    contract: Contracts = _none
    period: Callable[[UUID], UsagePeriod] = _no_period

    def beside(self, subscription: Subscription | None, version: int) -> Contracts:
        """The contract that is at hand, and the others of an invoice of several."""

        def contract(subscription_id: UUID) -> Contract:
            is_at_hand = subscription is not None and subscription_id == subscription.subscription_id
            return (subscription, version) if is_at_hand and subscription else self.contract(subscription_id)

        return contract

    def bound(self, currency: str) -> Money | None:
        return Money(self.bounds[currency], currency) if currency in self.bounds else None
