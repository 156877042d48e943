"""What a payment's decisions need to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from services.billing.domain.payment.events import PaymentFacts
from shared.errors import Conflict, DomainError, NotFound
from shared.money import Money


class PaymentNotFound(NotFound):
    pass


class PaymentDiffers(Conflict):
    """The provider's reference is that of a payment with other facts."""


class AllocationsRefused(DomainError):
    """What a payment is said to pay does not go together."""


class MoreThanUnapplied(DomainError):
    """Nobody spends or gets back more than is there."""


class MoreThanApplied(DomainError):
    """An invoice gives back no more than the payment had paid of it."""


class RefundNotFound(NotFound):
    pass


class RefundSettled(Conflict):
    """What became of it is known already."""


class MoreThanReceived(DomainError):
    """The bank takes back no more than came in and was not given back."""


def payment_id(tenant_id: UUID, provider: str, reference: str) -> UUID:
    """One payment for one reference of a provider, whoever tells it: a webhook, a statement, or a person."""
    return uuid5(tenant_id, f"payment {provider} {reference}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One that was asked of the provider; `reference` is the provider's name for it, once it has told it."""

    amount: Money
    note: str
    reason: str
    requested_at: datetime
    reference: str | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """amount = applied to invoices + credit + unapplied + refunded + charged back; `applied` by invoice in the order of their
    first allocation, `credit` that it bought by wallet; `done` are the ids of all that was done to it, `allocations` counts
    them. `refunds` are those that were asked of the provider, and `promised` what of the unapplied waits for one."""

    facts: PaymentFacts
    unapplied: Money
    refunded: Money
    charged_back: Money
    applied: dict[UUID, Money] = field(default_factory=dict)
    credit: dict[UUID, Money] = field(default_factory=dict)
    done: tuple[UUID, ...] = ()
    allocations: int = 0
    refunds: dict[UUID, Refund] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return "charged back" if self.held.minor == 0 and self.charged_back.minor else "received"

    @property
    def held(self) -> Money:
        """What is neither given back nor taken back."""
        return self.facts.amount - self.refunded - self.charged_back

    @property
    def promised(self) -> Money:
        waiting = (refund.amount for refund in self.refunds.values() if not refund.settled)
        return Money.total(waiting, self.facts.amount.currency)

    @property
    def free(self) -> Money:
        """What of the unapplied can be spent, or given back."""
        return self.unapplied - self.promised

    @property
    def exposed(self) -> Money:
        """What the bank can still take back."""
        return self.held - self.promised

    def applied_to(self, invoice_id: UUID) -> Money:
        return self.applied.get(invoice_id, Money.zero(self.facts.amount.currency))

    def taken_from(self, amount: Money) -> Iterator[tuple[UUID, Money]]:
        """Which invoices lose how much when so much is taken back: the last one first, once nothing is unapplied."""
        missing = amount - min(amount, self.free)
        for invoice_id, applied in reversed(self.applied.items()):
            part = min(missing, applied)
            if part.minor:
                yield invoice_id, part
            missing = missing - part
