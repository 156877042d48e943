"""What contracts are worth stands in rows: they say what the log says, at each instant, and are built again from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.recurring import annual
from services.billing.projections.books import revenue, unbilled_revenue
from services.billing.projections.invoices import invoices
from services.billing.projections.invoices import waiting_bills as bills
from services.billing.projections.subscriptions import contracts, recurring, usage_periods
from services.billing.store import create_store
from shared.causes import Cause
from shared.event_store import EventStore, StreamKey
from shared.periods import Days
from shared.rebuild import content
from shared.unit_of_work import Session, UnitOfWork
from tests.support.house import Service
from tests.unit.billing import histories, revenue_oracle
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_contract_value import contract

ZONE = "America/New_York"
PROJECTIONS = (contracts.project, usage_periods.project, bills.project, invoices.project)
TABLES = ("contracts", "contract_bills")


def test_rows_say_what_the_log_says_and_are_built_again_from_it(billing: Service) -> None:
    store = EventStore(list(create_store().deciders.values()), PROJECTIONS)

    @given(line=histories.lines, told=histories.happenings)
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    def check(line: AgreedLine, told: list[Any]) -> None:
        life, tenant = histories.lived(line, told), uuid4()
        with billing.background.relay.engine.connect() as tx, tx.begin() as transaction:
            append(tx, store, life, tenant)
            for start, end in spans(life):
                compare(tx, store, life, tenant, start, end)
            compare_rebuilt(tx, store, tenant)
            transaction.rollback()

    check()


def append(tx: Connection, store: EventStore, life: Lifetime, tenant: UUID) -> None:
    """As it happened: what happened at an instant is one append."""
    moved = (replace(entry, key=StreamKey(tenant, *entry.key[1:]), cause=_cause(tenant, entry)) for entry in life.log)
    for _, together in groupby(moved, key=lambda entry: entry.cause.occurred_at):
        store.append_many(tx, list(together))


def _cause(tenant: UUID, entry: Any) -> Cause:
    return replace(entry.cause, tenant_id=tenant)


def spans(life: Lifetime) -> Iterator[tuple[date, date]]:
    """Months, from the first to the last."""
    for at in histories.instants(life)[::3]:
        end = life.subscription.day(at)
        yield (end - timedelta(days=1)).replace(day=1), end


def compare(tx: Connection, store: EventStore, life: Lifetime, tenant: UUID, start: date, end: date) -> None:
    unit = UnitOfWork(Session(tx, store), Cause(tenant, datetime.now(UTC), datetime.now(UTC), {}))
    last = end - timedelta(days=1)
    before, after = (contract(life, life.subscription.instant(day)) for day in (start, end))
    if after is None:
        return
    assert _moved(unit, start, end) == (
        annual(before.subscription, start - timedelta(days=1)) if before else 0,
        annual(after.subscription, last),
    )
    mapped = revenue.mapping(unit, start, ZONE)
    booked = revenue_oracle.agreed(after.subscription)
    booked.subtract(revenue_oracle.agreed(before.subscription) if before else {})
    assert _classes(mapped, "booked") == _nonzero(booked)
    assert _classes(mapped, "forecast") == _nonzero(revenue_oracle.outstanding(after.subscription, after.waiting))
    found = unbilled_revenue.at_end_of(unit, last, ZONE).sums
    flats = revenue_oracle.unbilled_flats(after.subscription, after.waiting, last)
    assert _classes(found, "flat") == _nonzero(flats)
    assert _classes(found, "fees") == _nonzero(revenue_oracle.unbilled_fees(after.subscription, after.waiting, last))
    assert _classes(found, "usage") == _nonzero(_usage(life, after, last))


def _moved(unit: UnitOfWork, start: date, end: date) -> tuple[int, int]:
    found = recurring.over(unit, Days(start, end), ZONE).values()
    return sum(each.before for each in found), sum(each.after for each in found)


def _usage(life: Lifetime, found: revenue_oracle.Replayed, day: date) -> Counter[Any]:
    """Of periods that are over by then."""
    items = revenue_oracle.unbilled_items(found.subscription, found.waiting, day)
    known = {period.item.period_id: period for period in life.periods if period.closed}
    over = [item for item in items if item.ends_on <= day + timedelta(days=1) and item.period_id in known]
    return revenue_oracle.usage(found.subscription, over, known, day)


def _classes(found: Any, name: str) -> dict[Any, int]:
    sums = {key[1]: getattr(each, name) for key, each in found.items()}
    return {revenue_class: minor for revenue_class, minor in sums.items() if minor}


def _nonzero(sums: Counter[Any]) -> dict[Any, int]:
    return {revenue_class: minor for revenue_class, minor in sums.items() if minor}


def compare_rebuilt(tx: Connection, store: EventStore, tenant: UUID) -> None:
    live = {table: content(tx, table).get(tenant) for table in TABLES}
    for table in TABLES:
        tx.exec_driver_sql(f"DELETE FROM {table} WHERE tenant_id = %(tenant)s", {"tenant": tenant})
    for batch in store.everything(tx, tenant_id=tenant, size=7):
        contracts.project(tx, batch)
    assert {table: content(tx, table).get(tenant) for table in TABLES} == live
