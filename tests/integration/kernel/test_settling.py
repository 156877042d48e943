"""A test clock moves on only when its last move is finished, and a request can be followed to its last consumer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from infra.local.tokens import DevelopmentIssuer
from shared import settling
from shared.background import Background
from shared.orders import Order
from shared.timers import Timer
from shared.unit_of_work import UnitOfWork
from tests.integration.kernel.conftest import Door
from tests.support.tower.api import create_app
from tests.support.tower.bell import BELL, Ring, SetAlarm
from tests.support.tower.echo import ECHO
from tests.support.tower.house import Tower
from tests.support.tower.letters import heard
from tests.support.tower.work import work_of
from tests.support.waiting import eventually

NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def house(own_tower: Tower, issuer: DevelopmentIssuer) -> Door:
    return Door(create_app(own_tower, issuer.settings), issuer)


def test_a_service_with_nothing_to_do_is_settled(own_tower: Tower, house: Door) -> None:
    with at_work(own_tower, "settling"):
        eventually(lambda: house.client().get("/v1/test-clock").json()["settled"])
        assert not house.client().get("/v1/test-clock").json()["test_mode"]


def test_a_message_is_unsettled_until_its_last_consumer_has_it(own_tower: Tower, house: Door) -> None:
    bell, client = uuid4(), house.client()
    own_tower.do(BELL, house.tenant_id, bell, Ring())
    with at_work(own_tower, "settling") as worker:
        eventually(lambda: worker.consumer.step() or worker.consumer.is_assigned())
        assert not client.get("/v1/test-clock").json()["settled"]
        worker.relay.step()
        assert not client.get("/v1/test-clock").json()["settled"]
        eventually(lambda: worker.consumer.step() and heard(own_tower, house.tenant_id, bell))
        eventually(lambda: client.get("/v1/test-clock").json()["settled"])


def test_another_tenants_messages_do_not_unsettle_it(own_tower: Tower, house: Door) -> None:
    own_tower.do(BELL, uuid4(), uuid4(), Ring())
    with at_work(own_tower, "settling"):
        eventually(lambda: house.client().get("/v1/test-clock").json()["settled"])


def test_a_clock_moves_forward_at_most_62_days_and_not_while_its_timers_are_due(own_tower: Tower, house: Door) -> None:
    client, bell = house.client(), uuid4()

    def move(to: datetime) -> tuple[int, str]:
        answer = client.put("/v1/test-clock", json={"now": to.isoformat()})
        return answer.status_code, answer.json().get("title", "")

    with at_work(own_tower, "settling") as worker:
        assert move(NEW_YEAR) == (200, "")
        own_tower.do(BELL, house.tenant_id, bell, SetAlarm(name="alarm", at=NEW_YEAR + DAY))
        assert move(NEW_YEAR + 63 * DAY) == (422, "move_too_long")
        assert move(NEW_YEAR - DAY) == (422, "clock_moves_forward_only")
        assert move(NEW_YEAR + 2 * DAY) == (200, "")
        assert move(NEW_YEAR + 3 * DAY) == (409, "unsettled")
        assert worker.timers.step() == 1
        assert move(NEW_YEAR + 3 * DAY) == (200, "")
    assert client.get(f"/v1/bells/{bell}").json()["times"] == 1


def test_who_has_begun_in_real_time_stays_there(own_tower: Tower, house: Door) -> None:
    own_tower.do(BELL, house.tenant_id, uuid4(), Ring())
    answer = house.client().put("/v1/test-clock", json={"now": NEW_YEAR.isoformat()})
    assert (answer.status_code, answer.json()["title"]) == (409, "not_in_test_mode")


def test_several_may_ask_at_once(own_tower: Tower, house: Door) -> None:
    with at_work(own_tower, "settling"), ThreadPoolExecutor(4) as threads:

        def all_are_told() -> bool:
            asked = [threads.submit(settling.ask, own_tower.api, house.tenant_id) for _ in range(4)]
            return all(answer.result()["settled"] for answer in asked)

        eventually(all_are_told)


def test_a_correlation_id_goes_from_the_request_to_the_events_of_the_last_consumer(
    own_tower: Tower, house: Door
) -> None:
    bell = uuid4()
    headers = {"Idempotency-Key": "once", "X-Correlation-Id": "walk-7"}
    answer = house.client().post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
    assert answer.headers["x-correlation-id"] == "walk-7"
    with at_work(own_tower, "relay") as worker:
        eventually(lambda: worker.consumer.step() or heard(own_tower, house.tenant_id, bell))
    rows = own_tower.rows("SELECT category, context FROM events WHERE stream_id = %(b)s ORDER BY position", b=bell)
    asked, followed = (row.context for row in rows)
    assert [row.category for row in rows] == ["bell", ECHO.category]
    assert (asked["principal"], asked["correlation_id"]) == ("ann", "walk-7")
    assert (followed["principal"], followed["correlation_id"]) == ("tower", "walk-7")
    assert UUID(followed["causation_id"])


def test_a_correlation_id_that_is_not_plain_is_replaced(house: Door) -> None:
    headers = {"X-Correlation-Id": "x\x7f{}"}
    answered = house.client().get(f"/v1/bells/{uuid4()}", headers=headers).headers["x-correlation-id"]
    assert len(answered) == 32


def ring(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(BELL, timer.subject, Ring())


@contextmanager
def at_work(tower: Tower, loop: str) -> Iterator[Background]:
    """One loop of the worker turns in a thread; the test turns the others."""
    worker = work_of(tower, {"alarm": ring})
    step, done = next(each.step for each in worker.loops() if each.name == loop), threading.Event()

    def turn() -> None:
        while not done.is_set():
            step()
            done.wait(0.005)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield worker
    finally:
        done.set()
        thread.join()
        worker.close()
