"""What waits in a service is shown to Prometheus: rows, ages, lag."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from kafka.errors import KafkaError
from prometheus_client import REGISTRY

from infra.local.children import free_port
from shared import kafka
from shared.clock import TEST_CLOCK, SetClock
from shared.parked import park
from shared.watch import Watch
from tests.support.tower.bell import BELL, Ring, SetAlarm
from tests.support.tower.house import Tower
from tests.support.tower.letters import letter


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def watch(own_tower: Tower) -> Iterator[Watch]:
    settings = own_tower.settings("worker")
    watch = Watch(settings, own_tower.worker, uuid4().hex, kafka.cluster_id(settings), [own_tower.topic])
    yield watch
    watch.close()


def shown(watch: Watch, name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(f"quittance_{name}", {"service": watch.service, **labels})
    assert value is not None
    return value


def test_a_quiet_service_has_nothing_that_waits(watch: Watch) -> None:
    watch.step()
    names = ["outbox_rows", "outbox_oldest_seconds", "parked_rows", "parked_undecided_rows", "timers_overdue_seconds"]
    assert [shown(watch, name) for name in names] == [0, 0, 0, 0, 0]


def test_the_age_of_the_outbox_is_that_of_the_oldest_fact_in_it(watch: Watch, own_tower: Tower, tenant: UUID) -> None:
    for minutes in (7, 3):
        own_tower.do(BELL, tenant, uuid4(), Ring(), recorded_at=now() - timedelta(minutes=minutes))
    watch.step()
    assert shown(watch, "outbox_rows") == 2
    assert 420 <= shown(watch, "outbox_oldest_seconds") < 480


def test_timers_that_nobody_fires_are_overdue(watch: Watch, own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    own_tower.do(BELL, tenant, bell, SetAlarm(name="ring", at=now() - timedelta(hours=1)))
    own_tower.do(BELL, tenant, bell, SetAlarm(name="ring", at=now() + timedelta(hours=1)))
    watch.step()
    assert 3600 <= shown(watch, "timers_overdue_seconds") < 3660


def test_a_tenant_on_a_test_clock_is_no_alarm(watch: Watch, own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    past = now() - timedelta(days=900)
    own_tower.do(TEST_CLOCK, tenant, tenant, SetClock(now=past, untouched=True), recorded_at=past)
    own_tower.do(BELL, tenant, bell, Ring(), SetAlarm(name="ring", at=past), recorded_at=past)
    watch.step()
    assert (shown(watch, "outbox_oldest_seconds"), shown(watch, "timers_overdue_seconds")) == (0, 0)


def test_of_what_is_parked_a_person_is_asked_about_some(watch: Watch, own_tower: Tower, tenant: UUID) -> None:
    with own_tower.worker.begin() as tx:
        park(tx, letter(tenant, uuid4(), 1), "poison", now())
        park(tx, letter(tenant, uuid4(), 2), "waits", now(), waits=True)
    watch.step()
    assert (shown(watch, "parked_rows"), shown(watch, "parked_undecided_rows")) == (2, 1)


def test_what_was_published_and_not_applied_is_the_lag_of_its_topic(
    watch: Watch, own_tower: Tower, tenant: UUID
) -> None:
    publisher = kafka.Publisher(own_tower.settings("worker"))
    for _ in range(5):  # one by one: the local broker counts what was sent together as one, until more comes
        publisher.send([(own_tower.topic, uuid4().bytes, b"said")])
    publisher.close()
    watch.step()
    assert shown(watch, "consumer_lag", topic=own_tower.topic) == 5


def test_while_the_broker_is_away_the_database_is_still_watched(own_tower: Tower, tenant: UUID) -> None:
    settings = own_tower.settings("worker").model_copy(update={"kafka_bootstrap_servers": f"127.0.0.1:{free_port()}"})
    watch = Watch(settings, own_tower.worker, uuid4().hex, "nowhere", [own_tower.topic])
    own_tower.do(BELL, tenant, uuid4(), Ring())
    with pytest.raises(KafkaError):
        watch.step()
    assert (shown(watch, "outbox_rows"), watch.client) == (1, None)
