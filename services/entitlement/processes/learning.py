"""Remembers what the checks need of other services' facts: accounts, features, and the steps of dunning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.entitlement.domain.entitlement.holds import OverdueInvoice
from services.entitlement.domain.known_account import KNOWN_ACCOUNT, Account, LearnAccount
from services.entitlement.domain.known_dunning import KNOWN_DUNNING, DunningStep, LearnCleared, LearnStep
from services.entitlement.domain.known_plan import KNOWN_PLAN, LearnPlanVersion
from shared.orders import Order


def on_customer_changed(*, customer_id: UUID, key: str, name: str, zone: str) -> list[Order]:
    account = Account(customer_id=customer_id, key=key, name=name, zone=zone)
    return [Order(KNOWN_ACCOUNT, customer_id, LearnAccount(account=account))]


def on_plan_published(*, plan_id: UUID, code: str, version: int, features: Iterable[str]) -> list[Order]:
    learn = LearnPlanVersion(plan_id=plan_id, code=code, version=version, features=tuple(sorted(features)))
    return [Order(KNOWN_PLAN, plan_id, learn)]


def on_dunning_step_reached(
    *, subscription_id: UUID, step: str, invoices: Sequence[OverdueInvoice], message_id: UUID, at: datetime
) -> list[Order]:
    learned = DunningStep(step=step, at=at, message_id=message_id, invoices=tuple(invoices))
    return [Order(KNOWN_DUNNING, subscription_id, LearnStep(step=learned))]


def on_dunning_cleared(*, subscription_id: UUID, at: datetime) -> list[Order]:
    return [Order(KNOWN_DUNNING, subscription_id, LearnCleared(at=at))]
