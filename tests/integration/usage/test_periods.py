"""Opening, proving and recounting a period from stored events; workers side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine

from services.usage.domain.cloud_event import CloudEvent
from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.metering.apply import meter
from services.usage.metering.periods import recount
from services.usage.projections.period_events import events_of_period
from tests.integration.usage.metering_house import END, START, House, event
from tests.support.waiting import eventually

second = timedelta(seconds=1)
hour = timedelta(hours=1)


@pytest.fixture
def house(engine: Engine, tenant_id: UUID) -> House:
    house = House(engine, tenant_id)
    house.define_meters()
    return house


def test_a_period_opens_with_the_events_that_were_there_before(house):
    stream = [event(str(n), at=START + n * hour, subject="sub-1" if n % 2 else "acme", miles=n) for n in range(20)]
    house.meter(*stream, event("x", type_="other"))
    assert house.completeness().unmatched == 21
    assert house.open("miles") == house.fold("miles", stream) == house.totals("miles")
    books = house.completeness()
    assert (books.metered, books.unmatched, books.difference) == (20, 1, 0)
    assert house.open("cars") == ()
    assert house.completeness() == books


def test_the_proof_of_a_period_is_its_events_in_order_of_their_time(house):
    house.open("miles")
    stream = [
        event(str(n), at=START + (n * 7 % 20) * hour, subject="sub-1" if n % 2 else "acme", miles=n) for n in range(20)
    ]
    house.meter(*stream, event("none"), event("other", type_="other"))
    found, after = [], None
    with house.engine.begin() as tx:
        while True:
            page = events_of_period(tx, house.key("miles"), after=after, limit=6)
            found += page.events
            if (after := page.next_place) is None:
                break
    assert [counted.event.id for counted in found] == [e.id for e in sorted(stream, key=lambda e: e.time)]
    assert len(found) == house.totals("miles")[0].count


def test_a_recount_finds_totals_that_were_changed_and_corrects_them(house):
    house.open("cars")
    house.meter(event("1", car="N1"), event("2", car="N2"))
    right = house.totals("cars")
    with house.engine.begin() as tx:
        assert not recount(tx, house.key("cars")).differs
        tx.exec_driver_sql("UPDATE usage_totals SET quantity = 9 WHERE tenant_id = %s", (house.tenant_id,))
    with house.engine.begin() as tx:
        counted = recount(tx, house.key("cars"))
    assert counted.differs
    assert counted.after == right == house.totals("cars")
    house.meter(event("3", car="N2"))
    assert house.quantities("cars") == {"": 2}


def test_a_period_that_is_not_there_is_not_counted(house):
    with house.engine.begin() as tx, pytest.raises(PeriodNotFound):
        recount(tx, house.key("miles"))


def side_by_side(house: House, batches: list[list[CloudEvent]]) -> None:
    """Each batch by a worker of its own, all beginning at once."""
    start = Barrier(len(batches))

    def work(batch: list[CloudEvent]) -> None:
        events = [house.arrivals(batch)]
        with house.engine.begin() as tx:
            start.wait(10)
            meter(tx, events)

    with ThreadPoolExecutor(len(batches)) as workers:
        list(workers.map(work, batches))


def test_workers_with_the_same_events_in_opposite_orders_count_each_once(house):
    house.open("miles")
    stream = [event(str(n), at=START + n * second, miles=1) for n in range(4000)]
    side_by_side(house, [stream, stream[::-1], stream, stream[::-1]])
    assert house.totals("miles") == house.fold("miles", stream)
    books = house.completeness()
    assert (books.metered, books.repeated, books.difference) == (4000, 12_000, 0)


def test_workers_with_other_events_of_the_same_periods_add_up(house):
    for slug in ("trips", "cars"):
        house.open(slug)
    streams = [
        [event(f"{worker} {n}", at=START + n * second, origin=str(n), car=str(n)) for n in range(2000)]
        for worker in range(4)
    ]
    side_by_side(house, [stream[:: 1 if worker % 2 else -1] for worker, stream in enumerate(streams)])
    for slug in ("trips", "cars"):
        assert house.totals(slug) == house.fold(slug, [event for stream in streams for event in stream])


def test_an_event_that_is_stored_while_its_period_opens_is_in_it(house):
    with ThreadPoolExecutor(1) as other:
        with house.engine.begin() as tx:
            meter(tx, [house.arrivals([event("1", miles=5)])])
            opening = other.submit(house.open, "miles")
            eventually(lambda: opening.done() or _someone_waits(house.engine))
        assert [total.quantity for total in opening.result(10)] == [5]
    assert house.completeness().unmatched == 0


def test_an_event_that_comes_while_its_period_opens_finds_it_open(house):
    with ThreadPoolExecutor(1) as other:
        with house.engine.begin() as tx:
            house.open_in(tx, "miles")
            metering = other.submit(house.meter, event("1", miles=5))
            eventually(lambda: metering.done() or _someone_waits(house.engine))
        metering.result(10)
    assert house.quantities("miles") == {"": 5}


def test_workers_that_are_late_for_one_period_tell_totals_that_follow_each_other(house):
    house.open("miles")
    closed = house.close("miles")
    with ThreadPoolExecutor(4) as workers:
        told = list(workers.map(lambda n: house.meter(event(str(n), miles=1)), range(12)))
    lates = sorted((metered.late[house.key("miles")] for metered in told), key=lambda late: late.after[0].count)
    assert [late.before for late in lates] == [closed, *(late.after for late in lates[:-1])]


def _someone_waits(engine: Engine) -> bool:
    with engine.begin() as tx:
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return tx.exec_driver_sql(waiting).first() is not None


def test_a_level_goes_over_into_the_next_period_and_late_ones_change_both(house):
    for starts_at, ends_at in ((START, END), (END, END + timedelta(days=1))):
        house.open("weighted_sum", starts_at=starts_at, ends_at=ends_at)
    house.meter(event("1", at=END - timedelta(hours=10), miles=3, origin="JFK"))
    assert house.hours(START) == {"JFK": 30}
    assert house.hours(END) == {"JFK": 3 * 24}
    house.meter(event("2", at=END + timedelta(hours=20), miles=1, origin="JFK"))
    assert house.hours(END) == {"JFK": 3 * 20 + 1 * 4}
    metered = house.meter(event("3", at=END - timedelta(hours=4), miles=5, origin="JFK"))
    assert house.hours(START) == {"JFK": 3 * 6 + 5 * 4}
    assert house.hours(END) == {"JFK": 5 * 20 + 1 * 4}
    assert metered.advanced.keys() == {house.key("weighted_sum", START), house.key("weighted_sum", END)}
    assert [total.count for total in house.totals("weighted_sum", END)] == [1]


def test_a_period_that_opens_later_takes_the_level_along(house):
    house.open("weighted_sum")
    house.meter(
        event("1", at=START - timedelta(days=3), miles=2, origin="LGA"), event("2", at=START, miles=1, origin="JFK")
    )
    house.open("weighted_sum", starts_at=END, ends_at=END + timedelta(days=1))
    assert house.hours(END) == {"JFK": 24, "LGA": 48}
    house.open("weighted_sum", starts_at=END + timedelta(days=5), ends_at=END + timedelta(days=6))  # after a gap
    assert house.hours(END + timedelta(days=5)) == {"JFK": 24, "LGA": 48}
    with house.engine.begin() as tx:
        assert [recount(tx, house.key("weighted_sum", at)).differs for at in (START, END)] == [False, False]
