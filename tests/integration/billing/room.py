"""One subscription, its bills and its usage, each at the instant that a test says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from infra.local.tokens import tenant_id
from services.billing.messaging.timers import PREPARATIONS, TIMERS
from shared.causes import Cause
from shared.contracts.usage import (
    GroupTotal,
    PeriodMessage,
    UsagePeriodAdvancedV1,
    UsagePeriodClosedV1,
    UsagePeriodPartV1,
    UsagePeriodRevisedV1,
)
from shared.ids import shown
from shared.inbox import Inbox
from shared.messages import Message, body
from shared.periods import start_of_day
from shared.timers import Timer
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.shop import Shop
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

FEBRUARY = datetime(2031, 2, 1, 5, tzinfo=UTC)
ONE_AIRPORT = {"JFK": 400}


def totals_of(departures: Mapping[str, int]) -> list[GroupTotal]:
    return [
        GroupTotal(group=airport, quantity=Decimal(number), count=number, digest=f"{number:02x}")
        for airport, number in departures.items()
    ]


class Room:
    """A shop with one subscription; the test says when its bill is due, and what is told of its usage in January."""

    def __init__(self, billing: Service, tenant: str, line: dict[str, Any] | None = None, **plan: Any):
        self.billing, self.tenant, self.tenant_id = billing, tenant, tenant_id(tenant)
        shop = Shop(billing, tenant)
        shop.rita.put("/v1/test-clock", json={"now": "2030-12-01T05:00:00Z"})
        shop.open(**plan)
        shop.accept(shop.send(shop.draft(**line or {})["quote_id"])["acceptance_token"])
        settle([billing])
        self.client = shop.rita
        (subscription,) = self.client.get("/v1/subscriptions").json()["items"]
        self.subscription_id = UUID(subscription["subscription_id"].removeprefix("sub_"))
        (period,) = self.client.get(f"/v1/subscriptions/{subscription['subscription_id']}/usage-periods").json()[
            "items"
        ]
        self.period_id = UUID(period["period_id"].removeprefix("per_"))
        self.engine = billing.background.relay.engine
        self.inbox: Inbox = billing.background.parking.inbox

    def request_bill(self, tx: Any, at: datetime = FEBRUARY) -> None:
        cause = Cause(self.tenant_id, at, at, {"principal": "clock"})
        session = Session(tx, self.inbox.store)
        timer = Timer(tenant_id=self.tenant_id, name="bill", subject=self.subscription_id, fire_at=at, stage=2)
        unit = UnitOfWork(session, cause)
        PREPARATIONS["bill"]([timer], session)
        unit.carry_out(TIMERS["bill"](timer, unit))
        session.flush()

    def close_usage(
        self,
        period_id: UUID | None = None,
        sequence: int = 1,
        departures: Mapping[str, int] = ONE_AIRPORT,
        parts: int = 1,
    ) -> None:
        """With so many departures by airport, those of the first parts left out; of January, or of another period."""
        told = self._period(totals_of(departures)) | ({} if period_id is None else {"period_id": period_id})
        self._tell(
            UsagePeriodClosedV1(**told, starts_at=FEBRUARY, ends_at=FEBRUARY, learned_at=FEBRUARY, parts=parts),
            sequence=sequence,
        )

    def live_until(self, day: str) -> None:
        """In the customer's zone, with everything that falls due; what has ended is closed."""
        move_clock(self.billing, self.client, start_of_day(date.fromisoformat(day), "America/New_York"))
        path = f"/v1/subscriptions/{shown('sub', self.subscription_id)}/usage-periods"
        for period in self.client.get(path, params={"status": "open"}).json()["items"]:
            if period["ends_on"] <= day:
                self.close_usage(UUID(period["period_id"].removeprefix("per_")))
        settle([self.billing])

    def revise_usage(self, at: datetime = FEBRUARY, revision: int = 1, parts: int = 1, **departures: int) -> None:
        """By airport: all that is known of them now, but for the first parts. The id of the message follows from what it is
        about."""
        message = UsagePeriodRevisedV1(
            **self._period(totals_of(departures)),
            revision=revision,
            before=[],
            cause="late_events",
            event_ids=["/gates#x"],
            parts=parts,
        )
        self._tell(message, sequence=revision + parts, at=at)

    def advance_usage(self, at: datetime, departures: int, sequence: int) -> None:
        """So many from JFK by then, in the period that runs."""
        totals = [GroupTotal(group="JFK", quantity=Decimal(departures), count=departures, digest="00")]
        self._tell(UsagePeriodAdvancedV1(**self._period(totals)), sequence=sequence, at=at)

    def tell_part(
        self, of: str, part: int, parts: int, sequence: int, at: datetime = FEBRUARY, **departures: int
    ) -> None:
        """Of a closing or a revision, or of running totals: the last part of these, too."""
        period = self._period(totals_of(departures))
        if (of, part) == ("advanced", parts):
            self._tell(UsagePeriodAdvancedV1(**period, parts=parts), sequence=sequence, at=at)
            return
        contract = UsagePeriodPartV1(**period, of=of, part=part, parts=parts, event_ids=[f"/gates#{part}"])
        self._tell(contract, sequence=sequence, at=at)

    def _period(self, totals: list[GroupTotal]) -> dict[str, Any]:
        return {
            "period_id": self.period_id,
            "subscription_id": self.subscription_id,
            "charge": "departures",
            "meter": "departures",
            "meter_version": 1,
            "totals": totals,
        }

    def _tell(self, contract: PeriodMessage, sequence: int, at: datetime = FEBRUARY) -> None:
        message = Message(
            id=uuid5(contract.period_id, str(sequence)),
            source="/usage/usage_period",
            type=contract.TYPE,
            subject=contract.period_id,
            time=at,
            tenantid=self.tenant_id,
            sequence=sequence,
            correlationid="test",
            data=body(contract),
        )
        self.inbox.receive([message])

    def invoices(self) -> list[dict[str, Any]]:
        invoices: list[dict[str, Any]] = self.client.get("/v1/invoices").json()["items"]
        return invoices

    def one(self, **wanted: Any) -> dict[str, Any]:
        """The invoice that has these values."""
        [found] = [i for i in self.invoices() if all(i[name] == value for name, value in wanted.items())]
        return found

    @staticmethod
    def uuid(shown_id: str) -> UUID:
        return UUID(shown_id.rpartition("_")[2])

    def corrections(self, **wanted: Any) -> list[dict[str, Any]]:
        corrections: list[dict[str, Any]] = self.client.get("/v1/corrections", params=wanted).json()["items"]
        return corrections

    def verified(self) -> bool:
        """Every invoice follows from the log."""
        paths = [f"/v1/invoices/{invoice['invoice_id']}/verify" for invoice in self.invoices()]
        return all(self.client.post(path).json()["equal"] for path in paths)

    def pay(self, invoice: dict[str, Any]) -> None:
        payment = {"invoice": invoice["number"], "amount_minor": invoice["open_minor"], "currency": "USD"}
        assert self.client.post("/v1/payments", json=payment).status_code == 201

    def somebody_waits(self) -> bool:
        with self.engine.connect() as tx:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return bool(tx.exec_driver_sql(waiting).scalar_one())
