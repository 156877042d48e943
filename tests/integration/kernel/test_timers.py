"""Timers fire in order, once, at the instant that they were set for, by the clock of their tenant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import OperationalError

from shared.clock import TEST_CLOCK, SetClock
from shared.errors import DomainError
from shared.event_store import StreamMoved
from shared.orders import Order
from shared.parked import PARKED_MESSAGE, DecideParkedMessage
from shared.parking import Parking, park_timer
from shared.timers import Timer, TimerHandler, TimerRunner
from shared.unit_of_work import Session, UnitOfWork
from tests.support.tower.bell import BELL, Bell, Ring, SetAlarm
from tests.support.tower.echo import ECHO, Hear
from tests.support.tower.house import Tower
from tests.support.tower.letters import inbox

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Stuck(DomainError):
    """The clapper."""


def ring(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(BELL, timer.subject, Ring())


def fail(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    raise Stuck("the clapper is stuck")


def runner(
    tower: Tower, handlers: Mapping[str, TimerHandler], now: Callable[[], datetime] = lambda: NOON
) -> TimerRunner:
    return TimerRunner(tower.worker, tower.store, handlers, now, park_timer(now), "tower")


def run_dry(timers: TimerRunner) -> int:
    fired = 0
    while step := timers.step():
        fired += step
    return fired


def test_timers_fire_in_the_order_of_instant_and_stage(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    fired: list[tuple[str, datetime]] = []

    def note(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
        fired.append((timer.name, unit.now))
        yield from ()

    own_tower.do(
        BELL,
        tenant,
        bell,
        SetAlarm(name="late", at=NOON),
        SetAlarm(name="early, second stage", at=NOON - HOUR, stage=1),
        SetAlarm(name="early, first stage", at=NOON - HOUR),
        SetAlarm(name="not yet", at=NOON + HOUR),
    )
    names = ("late", "early, second stage", "early, first stage", "not yet")
    assert run_dry(runner(own_tower, dict.fromkeys(names, note))) == 3
    assert fired == [("early, first stage", NOON - HOUR), ("early, second stage", NOON - HOUR), ("late", NOON)]
    assert [row.name for row in own_tower.rows("SELECT name FROM timers")] == ["not yet"]


def test_timers_of_a_name_are_prepared_together_before_any_of_them_is_handled(own_tower: Tower, tenant: UUID) -> None:
    bells, seen = [uuid4() for _ in range(3)], []

    def prepare(timers: Sequence[Timer], session: Session) -> None:
        seen.append(sorted(timer.subject for timer in timers))
        session.load(BELL, tenant, [timer.subject for timer in timers])

    def look(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
        seen.append(len(unit.session.streams))
        yield from ring(timer, unit)

    for bell in bells:
        own_tower.do(BELL, tenant, bell, SetAlarm(name="alarm", at=NOON))
    alone = runner(own_tower, {"alarm": look})
    assert run_dry(replace(alone, preparations={"alarm": prepare})) == 3
    assert seen == [sorted(bells), 3, 3, 3]


def test_what_a_timer_causes_took_effect_when_it_was_due(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    own_tower.do(BELL, tenant, bell, SetAlarm(name="alarm", at=NOON - HOUR))
    run_dry(runner(own_tower, {"alarm": ring}))
    query = "SELECT occurred_at, recorded_at, context FROM events WHERE type = 'bell_rung'"
    row = own_tower.rows(query)[0]
    assert (row.occurred_at, row.recorded_at, row.context["principal"]) == (NOON - HOUR, NOON, "clock")


def test_a_timer_set_twice_fires_once(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    own_tower.do(BELL, tenant, bell, *[SetAlarm(name="alarm", at=NOON)] * 2)
    assert run_dry(runner(own_tower, {"alarm": ring})) == 1


def test_two_runners_fire_each_timer_once(own_tower: Tower) -> None:
    tenants, bells, both = [uuid4() for _ in range(3)], [uuid4() for _ in range(30)], threading.Barrier(2)
    for tenant in tenants:
        with own_tower.unit(tenant) as unit:
            for number, bell in enumerate(bells):
                unit.execute(BELL, bell, SetAlarm(name="alarm", at=NOON - number % 5 * HOUR))

    def run() -> int:
        timers = runner(own_tower, {"alarm": ring})
        both.wait(10)
        return run_dry(timers)

    with ThreadPoolExecutor(2) as threads:
        fired = [future.result() for future in [threads.submit(run) for _ in range(2)]]
    assert sum(fired) == 90
    assert {own_tower.state(BELL, tenant, bell) for tenant in tenants for bell in bells} == {Bell(times=1)}


def test_a_timer_that_fails_is_parked_and_the_others_fire(own_tower: Tower, tenant: UUID) -> None:
    stuck, well = uuid4(), uuid4()
    own_tower.do(BELL, tenant, stuck, SetAlarm(name="stuck", at=NOON))
    own_tower.do(BELL, tenant, well, SetAlarm(name="alarm", at=NOON))
    run_dry(runner(own_tower, {"stuck": fail, "alarm": ring}))
    assert own_tower.state(BELL, tenant, well) == Bell(times=1)
    row = own_tower.rows("SELECT id, type, reason, decision FROM parked_messages")[0]
    assert (row.type, row.reason, row.decision) == ("timer.stuck", "Stuck: the clapper is stuck", None)
    command = DecideParkedMessage(decision="replay", reason="oiled")
    own_tower.do(PARKED_MESSAGE, tenant, row.id, command)
    while Parking(own_tower.worker, inbox(own_tower), lambda: NOON).step():
        pass
    run_dry(runner(own_tower, {"stuck": ring}))
    assert own_tower.state(BELL, tenant, stuck) == Bell(times=1)
    assert own_tower.rows("SELECT 1 FROM parked_messages") == []


@pytest.mark.parametrize("trouble", [StreamMoved("again"), OperationalError("", None, Exception("deadlock"))])
def test_a_timer_that_may_go_well_next_time_stays_due(
    own_tower: Tower, tenant: UUID, bell: UUID, trouble: Exception
) -> None:
    def in_trouble(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
        raise trouble

    own_tower.do(BELL, tenant, bell, SetAlarm(name="alarm", at=NOON))
    with pytest.raises(type(trouble)):
        runner(own_tower, {"alarm": in_trouble}).step()
    assert run_dry(runner(own_tower, {"alarm": ring})) == 1
    assert own_tower.rows("SELECT 1 FROM parked_messages") == []


def test_a_test_clock_is_a_world_of_its_own(own_tower: Tower) -> None:
    testing, real, past = uuid4(), uuid4(), datetime(2013, 1, 1, tzinfo=UTC)
    own_tower.do(TEST_CLOCK, testing, testing, SetClock(now=past, untouched=True))
    own_tower.do(BELL, testing, testing, SetAlarm(name="alarm", at=past), SetAlarm(name="alarm", at=past + HOUR))
    own_tower.do(BELL, real, real, SetAlarm(name="alarm", at=past + HOUR))
    timers = runner(own_tower, {"alarm": ring})
    run_dry(timers)
    assert (own_tower.state(BELL, testing, testing), own_tower.state(BELL, real, real)) == (Bell(times=1),) * 2
    own_tower.do(TEST_CLOCK, testing, testing, SetClock(now=past + HOUR, untouched=False))
    run_dry(timers)
    rung = own_tower.rows(
        "SELECT occurred_at, recorded_at FROM events WHERE tenant_id = %(t)s AND type = 'bell_rung' ORDER BY version",
        t=testing,
    )
    assert [tuple(row) for row in rung] == [(past, past), (past + HOUR, past + HOUR)]


def test_of_a_thousand_timers_of_one_instant_all_fire(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    with own_tower.unit(tenant) as unit:
        for number in range(1000):
            unit.execute(BELL, bell, SetAlarm(name=f"alarm {number}", at=NOON))

    def echo(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
        yield Order(ECHO, timer.subject, Hear(times=1))

    handlers = {f"alarm {number}": echo for number in range(1000)}
    assert run_dry(runner(own_tower, handlers)) == 1000
    assert len(own_tower.state(ECHO, tenant, bell)) == 1000
