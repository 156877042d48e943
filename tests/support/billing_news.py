"""Billing as the other services know it: its messages on its topics, without billing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from infra.local.tokens import tenant_id
from shared.contracts import billing
from shared.kafka import Publisher
from shared.messages import Contract, Message, body, encode, message_id
from tests.support.house import Service

NEW_YORK = "America/New_York"
TOPICS = {
    "customer": "billing.customers",
    "plan": "billing.catalogue",
    "quote": "billing.quotes",
    "subscription": "billing.subscriptions",
    "dunning": "billing.dunning",
    "usage_period": "billing.usage_periods",
}


def local(day: str, hour: int = 0, minute: int = 0, zone: str = NEW_YORK) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


@dataclass
class BillingNews:
    """Speaks for one tenant; every stream's messages are numbered as billing's outbox would number them."""

    service: Service
    tenant: str
    sequences: dict[tuple[str, UUID], int] = field(default_factory=dict)
    sent: list[tuple[str, Message]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tenant_id = tenant_id(self.tenant)
        self.service.hear_of(self.tenant)
        self.publisher = Publisher(self.service.settings("worker"))

    def tell(self, category: str, subject: UUID, contract: Contract, at: datetime) -> Message:
        message = self.message(category, subject, contract, at)
        self.send(category, message)
        return message

    def message(self, category: str, subject: UUID, contract: Contract, at: datetime) -> Message:
        sequence = self.sequences[category, subject] = self.sequences.get((category, subject), 0) + 1
        return Message(
            id=message_id("billing", self.tenant_id, category, subject, sequence),
            source=f"/billing/{category}",
            type=contract.TYPE,
            subject=subject,
            time=at,
            tenantid=self.tenant_id,
            sequence=sequence,
            correlationid="test",
            data=body(contract),
        )

    def send(self, category: str, message: Message) -> None:
        self.sent.append((category, message))
        self.publisher.send([(TOPICS[category], str(message.subject).encode(), encode(message).encode())])

    def repeat_everything(self) -> None:
        for category, message in list(self.sent):
            self.send(category, message)

    def customer(self, key: str, at: datetime, **more: Any) -> UUID:
        id_ = uuid5(self.tenant_id, f"customer:{key}")
        told: dict[str, Any] = {"name": key, "zone": NEW_YORK, "currency": "USD", "locale": "en"}
        self.tell("customer", id_, billing.CustomerChangedV1(customer_id=id_, key=key, **(told | more)), at)
        return id_

    def plan(self, at: datetime, features: dict[str, int | None], code: str = "gate-use") -> UUID:
        id_ = uuid5(self.tenant_id, f"plan:{code}")
        self.tell("plan", id_, billing.PlanPublishedV1(plan_id=id_, code=code, version=1, features=features), at)
        return id_


@dataclass
class Sold:
    """One subscription, and what billing says of it."""

    news: BillingNews
    key: str
    features: dict[str, int | None] = field(default_factory=lambda: {"gates": None})
    base_minor: int = 1_800_000
    zone: str = NEW_YORK
    policy: str = "standard"
    subscription_id: UUID = field(default_factory=uuid4)

    @property
    def customer_id(self) -> UUID:
        return uuid5(self.news.tenant_id, f"customer:{self.key}")

    def term(self, number: int = 1, starts_on: str = "2013-01-01", ends_on: str = "2014-01-01") -> dict[str, Any]:
        return {
            "subscription_id": self.subscription_id,
            "customer_id": self.customer_id,
            "customer_key": self.key,
            "zone": self.zone,
            "currency": "USD",
            "plan": "gate-use",
            "plan_version": 1,
            "features": self.features,
            "term_number": number,
            "starts_on": date.fromisoformat(starts_on),
            "ends_on": date.fromisoformat(ends_on),
            "starts_at": local(starts_on, zone=self.zone),
            "ends_at": local(ends_on, zone=self.zone),
            "grace_days": 14,
            "reinstatement_days": 365,
            "renewal_policy": self.policy,
            "renewal_policy_version": 1,
            "base_minor": self.base_minor,
        }

    def tell(self, contract: type[Contract], at: datetime, **fields: Any) -> Message:
        return self.news.tell("subscription", self.subscription_id, contract(**fields), at)

    def created(self, at: datetime, **term: Any) -> Message:
        return self.tell(billing.SubscriptionCreatedV1, at, **self.term(**term))

    def renewed(self, at: datetime, *, reinstated: bool = False) -> Message:
        term = self.term(2, "2014-01-01", "2015-01-01") | {"base_minor": 1_872_000}
        return self.tell(billing.TermRenewedV1, at, **term, mode="quote", renewed_at=at, reinstated=reinstated)

    def not_renewing(self, at: datetime, successor: UUID | None = None) -> Message:
        why = {"reason": "migrated_to_successor", "successor_subscription_id": successor}
        return self.tell(billing.NonRenewalRequestedV1, at, **self.term(), **why)

    def ended(self, at: datetime) -> Message:
        return self.tell(billing.SubscriptionTermEndedV1, at, **self.term())

    def dunned(self, step: str, at: datetime) -> Message:
        invoice = billing.OverdueInvoice(
            invoice_id=uuid5(self.subscription_id, "invoice"),
            number="INV-6",
            due_on=date(2013, 6, 16),
            open_minor=722166,
            currency="USD",
        )
        reached = billing.DunningStepReachedV1(
            subscription_id=self.subscription_id,
            customer_id=self.customer_id,
            step=step,
            reached_at=at,
            invoices=[invoice],
        )
        return self.news.tell("dunning", self.subscription_id, reached, at)

    def paid(self, at: datetime) -> Message:
        cleared = billing.DunningClearedV1(
            subscription_id=self.subscription_id, customer_id=self.customer_id, cleared_at=at
        )
        return self.news.tell("dunning", self.subscription_id, cleared, at)
