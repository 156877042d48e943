"""Of each period every event is accounted for, and a total that was falsified or lost events shows."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.metering.books import CHECKS
from services.usage.metering.months import make_month
from services.usage.metering.periods import recount, remeter
from services.usage.metering.shortening import shorten_period
from services.usage.metering.watches import PeriodKey
from services.usage.projections.period_statement import NotAccountedFor, PeriodStatement, statement_of
from shared.database import engine_for
from tests.integration.usage.meter_room import START as ROOM_START
from tests.integration.usage.meter_room import Room, trip
from tests.integration.usage.metering_house import END, METERS, START, TERMS, House, corrected, event, retracted
from tests.integration.usage.test_rollups import streams
from tests.support.house import Service

hour = timedelta(hours=1)


class Stated(House):
    def statement(self, slug: str) -> PeriodStatement:
        with self.engine.begin() as tx:
            return statement_of(tx, self.key(slug))

    def change(self, statement: str, **named: object) -> None:
        with self.engine.begin() as tx:
            tx.exec_driver_sql(statement, {"tenant": self.tenant_id, **named})

    def stored(self) -> int:
        """Of the periods' subjects, type and time."""
        with self.engine.begin() as tx:
            named = {"tenant": self.tenant_id, "subjects": list(TERMS.subjects), "start": START}
            return int(tx.exec_driver_sql(_STORED, named).scalar_one())


@pytest.fixture
def house(engine: Engine, tenant_id: UUID) -> Stated:
    house = Stated(engine, tenant_id)
    house.define_meters()
    return house


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams, st.data())
def test_whatever_comes_in_any_order_the_classes_add_up(engine, stream, data):
    house, at = Stated(engine, uuid4()), 0
    house.define_meters()
    opened = {slug: data.draw(st.integers(0, len(stream)), label=f"{slug} opens after") for slug in METERS}
    while at < len(stream):
        for slug in (slug for slug, after in opened.items() if after <= at):
            house.open(slug)
        opened = {slug: after for slug, after in opened.items() if after > at}
        size = data.draw(st.integers(1, 6), label="batch")
        again = data.draw(st.integers(0, at), label="sent again from")
        house.meter(*stream[again : at + size])
        at += size
    for slug in opened:
        house.open(slug)
    for slug in METERS:
        stated = house.statement(slug)
        assert stated.difference == 0, (slug, stated)
        assert all(getattr(stated, name) >= 0 for name in PeriodStatement.__slots__), (slug, stated)
        assert stated.received - stated.repeated - stated.conflicting == house.stored()


def test_each_class_is_told_by_itself(house):
    house.open("cars")
    house.meter(*(event(str(n), at=START + n * hour, car=f"N{n}") for n in range(5)), event("no car"))
    house.meter(event("0", car="N0"), event("1", car="another"), retracted("r", "2"), corrected("c", "3", {}))
    assert house.statement("cars") == PeriodStatement(
        received=8, metered=3, excluded=2, taken_back=1, repeated=1, conflicting=1
    )
    house.meter(corrected("back", "2", {"car": "N2"}), retracted("before", "later"))
    house.meter(event("later", car="N9"))
    stated = house.statement("cars")
    assert (stated.received, stated.metered, stated.taken_back, stated.difference) == (9, 4, 1, 0)


def test_a_falsified_or_deleted_total_shows_and_a_recount_mends_it(house):
    house.open("miles")
    house.meter(event("1", miles=1), event("2", miles=2))
    falsify = "UPDATE usage_totals SET event_count = event_count + 1 WHERE tenant_id = %(tenant)s"
    for lie, difference in ((falsify, -1), ("DELETE FROM usage_totals WHERE tenant_id = %(tenant)s", 2)):
        house.change(lie)
        assert house.statement("miles").difference == difference
        with house.engine.begin() as tx:
            assert recount(tx, house.key("miles")).differs
        assert house.statement("miles").difference == 0


def test_events_that_were_lost_show_even_where_the_totals_agree_with_what_is_left(house):
    house.open("miles")
    house.meter(event("1", miles=1), event("2", miles=2))
    house.change("DELETE FROM usage_events WHERE tenant_id = %(tenant)s AND id = '2'")
    with house.engine.begin() as tx:
        recount(tx, house.key("miles"))
    with house.engine.begin() as tx:
        assert not recount(tx, house.key("miles")).differs
    assert house.statement("miles").difference == 1


def test_a_period_from_before_is_accounted_for_once_it_is_counted_again(house):
    house.open("miles")
    house.change("DELETE FROM usage_period_counts WHERE tenant_id = %(tenant)s")
    house.meter(event("1", miles=1), event("2"), retracted("r", "1"))
    with pytest.raises(NotAccountedFor):
        house.statement("miles")
    with house.engine.begin() as tx:
        assert not recount(tx, house.key("miles")).differs
    house.meter(event("3", miles=1))
    assert house.statement("miles") == PeriodStatement(
        received=3, metered=1, excluded=1, taken_back=1, repeated=0, conflicting=0
    )


def test_the_books_find_a_period_whose_totals_do_not_hold_what_came(urls):
    engine = engine_for(urls.worker, pool_size=2)
    house = Stated(engine, uuid4())
    with engine.begin() as tx:
        make_month(tx, END)
    house.define_meters()
    for slug in ("miles", "cars", "trips"):
        house.open(slug)
    house.meter(event("1", miles=1, car="N1"), event("2", miles=2))
    for expected in (0, 2):
        with engine.begin() as tx:
            assert CHECKS["usage_statements"](tx) == expected
        house.change("UPDATE usage_totals SET event_count = 5 WHERE tenant_id = %(tenant)s AND aggregation <> 'count'")
    engine.dispose()


def test_a_period_of_another_meter_or_end_is_accounted_for_anew(house):
    house.open("miles")
    house.meter(
        event("1", miles=1), event("2", car="N2"), event("3", at=START + 2 * hour, miles=3), retracted("r", "1")
    )
    with house.engine.begin() as tx:
        remeter(tx, house.key("miles"), METERS["cars"][0])
    assert house.statement("miles") == PeriodStatement(
        received=3, metered=1, excluded=1, taken_back=1, repeated=0, conflicting=0
    )
    with house.engine.begin() as tx:
        shorten_period(tx, house.key("miles"), START + hour)
    assert (house.statement("miles").received, house.statement("miles").difference) == (2, 0)


def test_there_is_no_statement_of_a_period_that_is_not_there(house):
    with pytest.raises(PeriodNotFound), house.engine.begin() as tx:
        statement_of(tx, PeriodKey(house.tenant_id, uuid4()))


def test_over_http_the_statement_of_a_period_lists_each_class(usage: Service, tenant: str):
    room = Room(usage, tenant)
    room.opened("miles")
    room.metered(trip("1", at=ROOM_START, miles=4), trip("2", at=ROOM_START), trip("1", at=ROOM_START, miles=4))
    stated = room.client.get(room.path("miles").replace("/v1/", "/v1/completeness/")).json()
    assert stated.pop("period_id") == room.path("miles").removeprefix("/v1/periods/")
    classes = {"metered": 1, "excluded": 1, "repeated": 1, "taken_back": 0, "conflicting": 0}
    assert stated == {"received": 3, **classes, "difference": 0}


_STORED = """
SELECT count(*) FROM usage_events WHERE tenant_id = %(tenant)s AND type = 'trip.ended' AND subject = ANY(%(subjects)s)
  AND time >= %(start)s"""
