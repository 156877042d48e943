"""From invoices to dunning: what is owed is tracked by subscription, of a consolidated invoice by each of them, what is owed
beside any by customer, and let go when it is paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import RecoverDebt, ReduceDebt, RestoreDebt, TrackDebt, WriteOffDebt
from services.billing.domain.dunning.events import Debt
from shared.money import Money
from shared.orders import Order


@dataclass(frozen=True, slots=True)
class Debtor:
    """Without a subscription the stream has the id of the customer."""

    subscription_id: UUID | None
    customer_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.subscription_id or self.customer_id


def debts(debtor: Debtor, shares: Mapping[UUID, int], amount: Money) -> list[tuple[Debtor, Money]]:
    """An amount of an invoice by those who owe it. Of a consolidated one it is split over the subscriptions by their shares,
    the largest remainders first, so that the parts come to it; where none of them has a share the first one owes it."""
    if not shares:
        return [(debtor, amount)]
    weights = list(shares.values()) if any(shares.values()) else [1, *[0] * (len(shares) - 1)]
    debtors = (Debtor(subscription_id, debtor.customer_id) for subscription_id in shares)
    return list(zip(debtors, amount.split(weights), strict=True))


def on_invoice_issued(debtor: Debtor, zone: str, debt: Debt) -> Iterator[Order]:
    command = TrackDebt(subscription_id=debtor.subscription_id, customer_id=debtor.customer_id, zone=zone, debt=debt)
    yield Order(DUNNING, debtor.stream_id, command)


def on_debt_changed(debtor: Debtor, invoice_id: UUID, left: Money, at: datetime) -> Iterator[Order]:
    command = ReduceDebt(invoice_id=invoice_id, open=left, subscription_id=debtor.subscription_id, at=at)
    yield Order(DUNNING, debtor.stream_id, command)


def on_written_off(debtor: Debtor, invoice_id: UUID, lost: Money, at: datetime) -> Iterator[Order]:
    command = WriteOffDebt(invoice_id=invoice_id, lost=lost, subscription_id=debtor.subscription_id, at=at)
    yield Order(DUNNING, debtor.stream_id, command)


def on_loss_changed(debtor: Debtor, invoice_id: UUID, lost: Money, at: datetime) -> Iterator[Order]:
    command = RecoverDebt(invoice_id=invoice_id, lost=lost, subscription_id=debtor.subscription_id, at=at)
    yield Order(DUNNING, debtor.stream_id, command)


def on_invoice_reopened(debtor: Debtor, zone: str, debt: Debt, at: datetime) -> Iterator[Order]:
    command = RestoreDebt(
        subscription_id=debtor.subscription_id, customer_id=debtor.customer_id, zone=zone, debt=debt, at=at
    )
    yield Order(DUNNING, debtor.stream_id, command)
