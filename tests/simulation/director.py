"""Tells a story step by step: what arrives where is held back and let go by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.periods import start_of_day
from tests.simulation import acts
from tests.simulation.acts import Act
from tests.simulation.calm import Held, NoRest, settle
from tests.simulation.world import World

SIGNED = datetime(2031, 1, 6, 9, tzinfo=UTC)
POLICY = {
    "open_days": 20,
    "grace_days": 5,
    "reinstatement_days": 12,
    "reinstatement_percent": "20",
    "uplift_percent": "4",
}
FEE = {
    "code": "fee",
    "name": "Fee",
    "kind": "flat",
    "in_advance": True,
    "price": {"model": "per_unit", "unit_amount": "49.00"},
}
CALLS = {
    "code": "calls",
    "name": "Calls",
    "kind": "metered",
    "meter": "calls",
    "price": {"model": "per_unit", "unit_amount": "0.10"},
}
PLAN = {
    "name": "Team",
    "every": "month",
    "term_months": 1,
    "net_days": 3,
    "collect_seconds": 0,
    "renewal_policy": "standard",
    "features": {"api": None},
    "prices": {"EUR": [FEE, CALLS]},
}
SETTINGS = {"legal_entity": "Acme", "currency": "EUR", "zone": "UTC", "invoice_series": "A"}
LONGEST_MOVE = timedelta(days=50)
SECOND = timedelta(seconds=1)


@dataclass
class Director:
    """Everything happens at once and calmly, but for what is `held`, by service and topic."""

    world: World
    held: Held = frozenset()
    now: datetime = SIGNED
    tries: list[int] = field(default_factory=list)

    def open(self, tenant: str) -> Director:
        self.world.enter(tenant)
        self.world.book = {}
        for room in self.world.rooms.values():
            room.set_clock(self.world.tenant_id, self.now)
        self.do(acts.set_up(SETTINGS, POLICY, PLAN))
        return self

    def sell(self, customer: str = "acme", zone: str = "UTC", starts_on: str = "2031-01-06", months: int = 1) -> None:
        self.do(acts.join(customer, zone))
        self.do(acts.buy(customer, starts_on, months))

    def do(self, act: Act) -> None:
        """To its end; it waits for what is not held."""
        steps = act(self.world)
        for _ in range(200):
            settle(self.world, held=self.held)
            if next(steps, None) is None:
                settle(self.world, held=self.held)
                return
        raise NoRest("it waits for what is held")

    def clock(self, to: datetime | str) -> None:
        """`to` an instant, or midnight UTC of a day."""
        end = start_of_day(datetime.fromisoformat(to).date(), "UTC") if isinstance(to, str) else to
        while self.now < end:
            self.now = min(end, self.now + LONGEST_MOVE)
            for room in self.world.rooms.values():
                room.set_clock(self.world.tenant_id, self.now)
            settle(self.world, held=self.held)

    @contextmanager
    def holding(self, *held: tuple[str, str]) -> Iterator[None]:
        """What is held arrives at the end."""
        self.held = frozenset(held)
        yield
        self.held = frozenset()
        settle(self.world)

    def again(self, service: str) -> None:
        """The service reads all its topics from the beginning."""
        room = self.world.rooms[service]
        for consumer in room.consumers:
            room.reader(consumer).positions.clear()
        settle(self.world)

    def rows(self, service: str, statement: str) -> list[Any]:
        return [tuple(row) if len(row) > 1 else row[0] for row in self.world.rooms[service].rows(statement)]

    def count(self, service: str, type_: str) -> int:
        """How many events of a type there are."""
        return len(self.rows(service, f"SELECT 1 FROM events WHERE type = '{type_}'"))

    def right(self, customer: str = "acme") -> tuple[str, list[str]]:
        """What the customer's right shows, and which holds stand."""
        found = self.world.items("entitlement", "/v1/entitlements", account=customer)
        standing = self.world.items("entitlement", "/v1/holds", account=customer, standing=True)
        return found[0]["status"], sorted(hold["hold"] for hold in standing)
