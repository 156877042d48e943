"""A tenant that sells: its meters and policies as the other services told of them, a plan, and a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from fastapi.testclient import TestClient

from infra.local.tokens import tenant_id
from shared.contracts.renewals import RenewalOpportunityOpenedV1, RenewalPolicyPublishedV1, RenewalWonV1
from shared.contracts.usage import GroupTotal, MeterDefinedV1, UsagePeriodClosedV1, UsagePeriodRevisedV1
from shared.kafka import Publisher
from shared.messages import Contract, Message, body, encode, message_id
from tests.support.house import Service, settle
from tests.support.waiting import eventually

CUSTOMER = {"name": "Frontier", "zone": "America/New_York", "currency": "USD"}
FEE = {
    "code": "platform_fee",
    "name": "Platform fee",
    "kind": "flat",
    "price": {"model": "per_unit", "unit_amount": "1500.00"},
    "in_advance": True,
    "tax_rates": ["0.08875"],
}
DEPARTURES = {
    "code": "departures",
    "name": "Departures",
    "kind": "metered",
    "meter": "departures",
    "group_by": ["origin"],
    "price": {
        "model": "graduated",
        "tiers": [{"up_to": "300", "unit_amount": "30.00"}, {"up_to": None, "unit_amount": "15.75"}],
    },
    "tax_rates": ["0.08875"],
}
SHARE = {
    "code": "share",
    "name": "Share of renewals",
    "kind": "metered",
    "outcome": {"customers": []},
    "price": {"model": "percentage", "percentage": {"rate": "0.1"}},
}
PLAN: dict[str, Any] = {
    "name": "Gate use",
    "every": "month",
    "calendar": True,
    "term_months": 12,
    "net_days": 15,
    "collect_seconds": 0,
    "renewal_policy": "standard",
    "prices": {"USD": [FEE, DEPARTURES]},
    "minimums": {"USD": {"code": "true_up", "name": "Minimum commitment", "amount": "5000.00"}},
    "features": {"gates": None},
}
EARLY, LATE = datetime(2012, 12, 1, tzinfo=UTC), datetime(2031, 2, 2, tzinfo=UTC)
LINE = {"plan": "gate-use", "starts_on": "2031-01-01"}


@dataclass
class Shop:
    """`rita` sells and `dora` approves; what the other services say comes through the broker."""

    billing: Service
    tenant: str

    def __post_init__(self) -> None:
        self.billing.hear_of(self.tenant)

    @property
    def tenant_id(self) -> UUID:
        return tenant_id(self.tenant)

    @property
    def rita(self) -> TestClient:
        return self.billing.client(self.tenant, subject="rita")

    @property
    def dora(self) -> TestClient:
        return self.billing.client(self.tenant, subject="dora")

    def hear_of_meter(self, slug: str = "departures", groups: tuple[str, ...] = ("origin",), version: int = 1) -> None:
        id_ = uuid5(self.tenant_id, slug)
        meter = MeterDefinedV1(
            meter_id=id_, slug=slug, version=version, aggregation="count", unit="flight", groups=list(groups)
        )
        self._tell("usage.meters", "usage", "meter", id_, meter, version)

    def hear_of_policy(self, code: str = "standard", version: int = 1, grace_days: int = 14) -> None:
        id_ = uuid5(self.tenant_id, code)
        policy = RenewalPolicyPublishedV1(
            policy_id=id_,
            code=code,
            version=version,
            open_days=90,
            grace_days=grace_days,
            grace_mode="full",
            reinstatement_days=365,
            reinstatement_percent=Decimal(20),
            uplift_percent=Decimal(4),
        )
        self._tell("renewals.policies", "renewals", "renewal_policy", id_, policy, version)

    def hear_of_opportunity(self, subscription_id: UUID, customer_id: UUID) -> UUID:
        id_ = uuid5(subscription_id, "opportunity")
        opened = RenewalOpportunityOpenedV1(
            opportunity_id=id_,
            subscription_id=subscription_id,
            customer_id=customer_id,
            customer_key="F9",
            term_number=1,
            due_on=date(2031, 12, 31),
            currency="USD",
            base_minor=1_800_000,
            policy="standard",
            policy_version=1,
            uplift_percent=Decimal(4),
        )
        self._tell("renewals.opportunities", "renewals", "renewal_opportunity", id_, opened, 1)
        return id_

    def hear_of_won_renewal(self, customer: str = "VX", value_minor: int = 100_000, at: datetime = LATE) -> None:
        """One that renewed by itself, of somebody whom billing need not know."""
        id_ = uuid5(self.tenant_id, f"renewal of {customer}")
        won = RenewalWonV1(
            opportunity_id=id_,
            subscription_id=uuid5(id_, "subscription"),
            customer_id=uuid5(id_, "customer"),
            customer_key=customer,
            term_number=1,
            due_on=at.date(),
            currency="USD",
            base_minor=value_minor,
            value_minor=value_minor,
            accepted_at=at,
            late_days=0,
            mode="auto",
        )
        self._tell("renewals.opportunities", "renewals", "renewal_opportunity", id_, won, 1)

    def hear_of_usage(self, period: str, subscription: str, departures: int) -> None:
        """A usage period closes with departures from one airport; `period` and `subscription` as the API shows them."""
        closed = UsagePeriodClosedV1(
            **self._metered(period, subscription, departures),
            starts_at=datetime(2031, 1, 1, 5, tzinfo=UTC),
            ends_at=datetime(2031, 2, 1, 5, tzinfo=UTC),
            learned_at=datetime(2031, 2, 1, 5, tzinfo=UTC),
        )
        self._tell("usage.periods", "usage", "usage_period", closed.period_id, closed, 1)

    def hear_of_late_usage(self, period: str, subscription: str, departures: int, revision: int = 1) -> None:
        metered = self._metered(period, subscription, departures)
        revised = UsagePeriodRevisedV1(
            **metered, revision=revision, before=[], cause="late_events", event_ids=["/gates#1"]
        )
        self._tell("usage.periods", "usage", "usage_period", revised.period_id, revised, revision + 1, LATE)

    @staticmethod
    def _metered(period: str, subscription: str, departures: int) -> dict[str, Any]:
        return {
            "period_id": UUID(period.removeprefix("per_")),
            "subscription_id": UUID(subscription.removeprefix("sub_")),
            "charge": "departures",
            "meter": "departures",
            "meter_version": 1,
            "totals": [GroupTotal(group="JFK", quantity=Decimal(departures), count=departures, digest="00")],
        }

    def open(self, **plan: Any) -> Shop:
        """Everything that is needed to quote; `plan` is what it has besides."""
        self.hear_of_meter()
        self.hear_of_policy()
        settle([self.billing])
        known = PLAN | plan
        eventually(
            lambda: self.billing.step() >= 0 and self.rita.put("/v1/plans/gate-use", json=known).status_code == 200
        )
        assert self.rita.put("/v1/customers/F9", json=CUSTOMER).status_code == 200
        return self

    def draft(self, **line: Any) -> dict[str, Any]:
        drafted = self.rita.post("/v1/quotes", json={"customer": "F9", "lines": [LINE | line]})
        assert drafted.status_code == 201, drafted.text
        quote: dict[str, Any] = drafted.json()
        return quote

    def send(self, quote_id: str, **form: Any) -> dict[str, Any]:
        """Submits and sends; the answer carries the token."""
        assert self.rita.post(f"/v1/quotes/{quote_id}/submit").json()["status"] == "approved"
        sent = self.rita.post(f"/v1/quotes/{quote_id}/send", json=form)
        assert sent.status_code == 200, sent.text
        quote: dict[str, Any] = sent.json()
        return quote

    def accept(self, token: str, headers: dict[str, str] | None = None, **form: Any) -> Any:
        """As the customer: without any bearer token."""
        visitor = self.billing.client(self.tenant)
        del visitor.headers["Authorization"]
        return visitor.post("/v1/quote-acceptances", json={"token": token, "name": "Ann Buyer"} | form, headers=headers)

    def _tell(
        self,
        topic: str,
        producer: str,
        category: str,
        subject: UUID,
        contract: Contract,
        sequence: int,
        at: datetime = EARLY,
    ) -> None:
        message = Message(
            id=message_id(producer, self.tenant_id, category, subject, sequence),
            source=f"/{producer}/{category}",
            type=contract.TYPE,
            subject=subject,
            time=at,
            tenantid=self.tenant_id,
            sequence=sequence,
            correlationid="test",
            data=body(contract),
        )
        publisher = Publisher(self.billing.settings("worker"))
        publisher.send([(topic, str(subject).encode(), encode(message).encode())])
        publisher.close()
