"""Totals of closed periods are counted again from time to time, and one that is wrong is found."""

from __future__ import annotations

from services.usage.metering.books import CHECKS
from tests.integration.usage.meter_room import Room, trip
from tests.support.house import Service


def test_a_total_that_its_events_do_not_make_is_found_and_left_to_a_person(usage: Service, tenant: str) -> None:
    room = Room(usage, tenant)
    room.opened("miles")
    room.metered(trip("1", miles=4), trip("2", miles=5))
    engine = usage.background.relay.engine
    with engine.connect() as tx:
        mine = {"tenant": room.tenant_id}
        tx.exec_driver_sql("UPDATE usage_periods SET status = 'open' WHERE tenant_id <> %(tenant)s", mine)
        tx.exec_driver_sql("UPDATE usage_periods SET status = 'closed' WHERE tenant_id = %(tenant)s", mine)
        assert CHECKS["usage_totals"](tx) == 0
        tx.exec_driver_sql("UPDATE usage_totals SET quantity = 8 WHERE tenant_id = %(tenant)s", mine)
        assert CHECKS["usage_totals"](tx) == 1
        assert CHECKS["usage_totals"](tx) == 1
