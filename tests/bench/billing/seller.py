"""A tenant that sells three metered charges, written through billing's own event store: nothing is told by other services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, create_engine

from infra.local.databases import Urls
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.catalogue import PLAN as CATALOGUE
from services.billing.domain.catalogue import PublishPlan, plan_id
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.plan import Charge, PlanVersion
from services.billing.domain.quote.lines import NO_RENEWAL, agreed_line
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import CreateSubscription
from services.billing.domain.usage_period import USAGE_PERIOD, RecordClosing
from services.billing.messaging.timers import PREPARATIONS, TIMERS
from services.billing.processes import metering
from services.billing.store import create_store
from shared.causes import Cause
from shared.orders import Order
from shared.periods import local_day, start_of_day
from shared.timers import Timer, TimerRunner
from shared.unit_of_work import Session, UnitOfWork
from tests.bench.billing.rating_rows import PRICE

CHARGES = ("calls", "storage", "traffic")
ZONE, STARTS_ON, ENDS_ON = "Europe/Berlin", date(2026, 1, 1), date(2026, 2, 1)
STARTS_AT, BILLED_AT = start_of_day(STARTS_ON, ZONE), start_of_day(ENDS_ON, ZONE)
BILLS = 2  # the stage of billing days
YEAR = [start_of_day(date(2026, month, 1), ZONE) for month in range(2, 13)] + [start_of_day(date(2027, 1, 1), ZONE)]
A_TRANSACTION = 500
PLAN = PlanVersion(
    code="metered",
    version=1,
    name="Metered",
    prices={
        "EUR": tuple(
            Charge(code=code, name=code, kind="metered", meter=code, price=PRICE, tax_rates=("0.19",))
            for code in CHARGES
        )
    },
    every="month",
    calendar=True,
    term_months=12,
    net_days=14,
    collect_seconds=0,
)


@dataclass
class Seller:
    """Its tenant, and a connection as a worker has it. `subscriptions` are those made so far, of the `plan`."""

    urls: Urls
    tenant_id: UUID = field(default_factory=uuid4)
    plan: PlanVersion = PLAN
    subscriptions: list[UUID] = field(default_factory=list)
    now: datetime = BILLED_AT

    def __post_init__(self) -> None:
        self.store = create_store()

    @cached_property
    def engine(self) -> Engine:
        return create_engine(self.urls.worker, connect_args={"options": "-c timezone=UTC"})

    def sell(self, number: int) -> None:
        """So many subscriptions of customers of their own, each with its first usage periods, which are closed."""
        with self.unit(STARTS_AT) as unit:
            meters: dict[str, tuple[str, ...]] = dict.fromkeys(CHARGES, ())
            id_ = plan_id(self.tenant_id, self.plan.code)
            unit.execute(CATALOGUE, id_, PublishPlan(plan_id=id_, plan=self.plan, meters=meters, policies=()))
        for start in range(0, number, A_TRANSACTION):
            with self.unit(STARTS_AT) as unit:
                for n in range(start, min(number, start + A_TRANSACTION)):
                    unit.carry_out(self._subscription(unit, n))
        self.turn_until_billing()

    def _subscription(self, unit: UnitOfWork, number: int) -> Iterator[Order]:
        id_ = uuid4()
        self.subscriptions.append(id_)
        create = CreateSubscription(subscription_id=id_, party=party(number), line=line(self.plan), quote_id=uuid4())
        yield Order(SUBSCRIPTION, id_, create)
        chosen = Random(number)
        for order in metering.on_subscription_created(unit.state(SUBSCRIPTION, id_)):
            yield order
            yield Order(USAGE_PERIOD, order.stream_id, _closing(chosen))

    def turn_until_billing(self) -> None:
        """All timers before the stage of bills on the billing day."""
        while self._due(before_bills=True):
            self.runner.step()

    def bill(self) -> None:
        while self._due():
            self.runner.step()

    def bill_year(self) -> None:
        """From the first month on, each with its usage."""
        self.bill()
        for self.now in YEAR[1:]:
            self.turn_until_billing()
            self._close()
            self.bill()

    def _close(self) -> None:
        """Usage periods that are over."""
        with self.engine.connect() as tx:
            where = {"tenant": self.tenant_id, "day": local_day(self.now, ZONE)}
            ids = list(tx.exec_driver_sql(_OVER, where).scalars())
        for start in range(0, len(ids), A_TRANSACTION):
            with self.unit(self.now) as unit:
                some = ids[start : start + A_TRANSACTION]
                unit.session.load(USAGE_PERIOD, self.tenant_id, some)
                unit.carry_out(Order(USAGE_PERIOD, id_, _closing(Random(id_.int))) for id_ in some)

    @cached_property
    def runner(self) -> TimerRunner:
        return TimerRunner(
            self.engine, self.store, TIMERS, lambda: self.now, _raise, "billing", preparations=PREPARATIONS
        )

    def _due(self, *, before_bills: bool = False) -> bool:
        with self.engine.connect() as tx:
            where = {"tenant": self.tenant_id, "at": self.now, "earlier": before_bills, "bills": BILLS}
            return bool(tx.exec_driver_sql(_DUE, where).scalar_one())

    def unit(self, at: datetime) -> _Unit:
        return _Unit(self, at)

    def close(self) -> None:
        self.engine.dispose()


@dataclass
class _Unit:
    """A transaction, committed when it is left."""

    seller: Seller
    at: datetime

    def __enter__(self) -> UnitOfWork:
        self.transaction = self.seller.engine.begin()
        self.session = Session(self.transaction.__enter__(), self.seller.store)
        return UnitOfWork(self.session, Cause(self.seller.tenant_id, self.at, self.at, {"principal": "bench"}))

    def __exit__(self, *raised: Any) -> None:
        if raised[0] is None:
            self.session.flush()
        self.transaction.__exit__(*raised)


def party(number: int) -> Party:
    return Party(customer_id=uuid4(), key=f"customer-{number}", name=f"Customer {number}", zone=ZONE, currency="EUR")


def line(plan: PlanVersion = PLAN) -> AgreedLine:
    return agreed_line(plan, "EUR", NO_RENEWAL, starts_on=STARTS_ON)


def _closing(chosen: Random) -> RecordClosing:
    quantity = Decimal(chosen.randrange(10**8)).scaleb(-3)
    total = PeriodTotal(
        group="", quantity=quantity, count=chosen.randrange(10**5), digest=f"{chosen.getrandbits(128):032x}"
    )
    return RecordClosing(totals=(total,), learned_at=BILLED_AT)


def _raise(_: Connection, timer: Timer, error: Exception) -> None:
    raise error


_DUE = """
SELECT EXISTS (SELECT FROM timers WHERE tenant_id = %(tenant)s AND fire_at <= %(at)s
  AND (NOT %(earlier)s OR fire_at < %(at)s OR stage < %(bills)s))"""

_OVER = """
SELECT period_id FROM usage_periods
WHERE tenant_id = %(tenant)s AND ends_on <= %(day)s AND status = 'open' ORDER BY period_id"""
