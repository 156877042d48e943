"""From invoices to dunning: what is owed is tracked by subscription, and let go when it is paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import RecoverDebt, ReduceDebt, RestoreDebt, TrackDebt, WriteOffDebt
from services.billing.domain.dunning.events import Debt
from shared.money import Money
from shared.orders import Order


def on_invoice_issued(
    subscription_id: UUID, customer_id: UUID, zone: str, invoice_id: UUID, number: str, due_on: date, total: Money
) -> Iterator[Order]:
    debt = Debt(invoice_id=invoice_id, number=number, due_on=due_on, open=total)
    yield Order(DUNNING, subscription_id, TrackDebt(customer_id=customer_id, zone=zone, debt=debt))


def on_debt_changed(subscription_id: UUID, invoice_id: UUID, left: Money, at: datetime) -> Iterator[Order]:
    command = ReduceDebt(invoice_id=invoice_id, open=left, subscription_id=subscription_id, at=at)
    yield Order(DUNNING, subscription_id, command)


def on_written_off(subscription_id: UUID, invoice_id: UUID, lost: Money, at: datetime) -> Iterator[Order]:
    command = WriteOffDebt(invoice_id=invoice_id, lost=lost, subscription_id=subscription_id, at=at)
    yield Order(DUNNING, subscription_id, command)


def on_loss_changed(subscription_id: UUID, invoice_id: UUID, lost: Money, at: datetime) -> Iterator[Order]:
    command = RecoverDebt(invoice_id=invoice_id, lost=lost, subscription_id=subscription_id, at=at)
    yield Order(DUNNING, subscription_id, command)


def on_invoice_reopened(
    subscription_id: UUID, customer_id: UUID, zone: str, debt: Debt, at: datetime
) -> Iterator[Order]:
    command = RestoreDebt(subscription_id=subscription_id, customer_id=customer_id, zone=zone, debt=debt, at=at)
    yield Order(DUNNING, subscription_id, command)
