"""A tenant of usage with a test clock, meters and periods, as an application and billing see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from infra.local.tokens import tenant_id
from shared.contracts.billing import UsagePeriodOpenedV1
from shared.ids import shown
from shared.messages import Message
from tests.support.billing_news import BillingNews
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock
from tests.support.published import published
from tests.support.waiting import eventually

START = datetime(2013, 1, 1, 5, tzinfo=UTC)
END = datetime(2013, 2, 1, 5, tzinfo=UTC)
BATCH = "application/cloudevents-batch+json"
METERS: dict[str, dict[str, Any]] = {
    "trips": {"event_type": "trip.ended", "aggregation": "count", "group_by": {"origin": "$.origin"}, "unit": "trip"},
    "miles": {"event_type": "trip.ended", "aggregation": "sum", "value": "$.miles", "unit": "mile"},
    "cars": {"event_type": "trip.ended", "aggregation": "unique_count", "value": "$.car", "unit": "car"},
}


def trip(id_: str, *, at: datetime = START, subject: str = "acme", **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/cars",
        "type": "trip.ended",
        "subject": subject,
        "time": at.isoformat(),
        "data": data,
    }


@dataclass
class Room:
    service: Service
    tenant: str
    subscription_id: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.client = self.service.client(self.tenant)
        self.tenant_id = tenant_id(self.tenant)
        self.news = BillingNews(self.service, self.tenant)
        self.move(START - timedelta(days=30))

    def move(self, to: datetime) -> None:
        move_clock(self.service, self.client, to)

    def arrive(self) -> None:
        """Everything told and sent so far."""
        settle([self.service])

    def wait_until(self, seen: Callable[[], bool]) -> None:
        eventually(lambda: self.service.step() >= 0 and seen())

    def define_meters(self) -> None:
        for slug, meter in METERS.items():
            assert self.client.put(f"/v1/meters/{slug}", json=meter).status_code == 200

    def period_id(self, meter: str, starts_at: datetime = START) -> UUID:
        return uuid5(self.subscription_id, f"{meter} {starts_at}")

    def path(self, meter: str) -> str:
        return f"/v1/periods/{shown('per', self.period_id(meter))}"

    def told_to_open(self, meter: str, **more: Any) -> None:
        """Billing says on its topic that a period is to be metered."""
        period_id = more.get("period_id", self.period_id(meter))
        told: dict[str, Any] = {
            "period_id": period_id,
            "subscription_id": self.subscription_id,
            "customer_id": UUID(int=7),
            "charge": meter,
            "subjects": ["acme", str(self.subscription_id)],
            "meter": meter,
            "group_by": sorted(METERS[meter].get("group_by", {})),
            "starts_at": START,
            "ends_at": END,
            "collect_seconds": 0,
        }
        contract = UsagePeriodOpenedV1(**(told | more))
        self.news.tell("usage_period", period_id, contract, START - timedelta(days=20))

    def opened(self, *meters: str) -> None:
        self.define_meters()
        for meter in meters:
            self.told_to_open(meter)
        self.arrive()

    def send(self, *events: dict[str, Any], **headers: str) -> Any:
        wanted = {"Content-Type": BATCH} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v1/events", content=json.dumps(events), headers=wanted)

    def metered(self, *events: dict[str, Any]) -> None:
        sent = self.send(*events)
        assert sent.status_code == 202, sent.text
        self.arrive()

    def period(self, meter: str) -> dict[str, Any]:
        answer = self.client.get(self.path(meter))
        assert answer.status_code == 200, answer.text
        period: dict[str, Any] = answer.json()
        return period

    def quantities(self, meter: str) -> dict[str, str]:
        return {total["group"]: total["quantity"] for total in self.period(meter)["totals"]}

    def told_all(self, meter: str, starts_at: datetime = START) -> list[Message]:
        """What usage has published about a period."""
        messages = published(self.service, "usage.periods", self.tenant)
        return [m for m in messages if m.subject == self.period_id(meter, starts_at)]

    def told(self, type_: str, meter: str) -> list[Message]:
        return [message for message in self.told_all(meter) if message.type == f"usage.period_{type_}.v1"]

    def completeness(self) -> dict[str, int]:
        bounds = {"from": (START - timedelta(days=400)).isoformat(), "to": (END + timedelta(days=400)).isoformat()}
        with self.service.working():
            books: dict[str, Any] = eventually(lambda: self._answer("/v1/completeness", bounds))
        return {name: value for name, value in books.items() if isinstance(value, int)}

    def _answer(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        """None where the worker cannot tell yet: then one asks again."""
        answer = self.client.get(path, params=query)
        assert answer.status_code in (200, 503), answer.text
        return answer.json() if answer.status_code == 200 else None
