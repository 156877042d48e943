"""Versions side by side: what a later one sends is passed over and counted, what it stored is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared import unknown_types
from shared.decider import Decider
from shared.event_store import EventStore
from shared.inbox import Inbox
from shared.messages import Message, decode, encode
from shared.orders import Order
from tests.integration.kernel.conftest import Door
from tests.integration.kernel.test_inbox import bring_back, parked
from tests.support.tower.bell import BELL, BellRungV1, Ring
from tests.support.tower.echo import ECHO
from tests.support.tower.house import Tower
from tests.support.tower.letters import POISON, hear, heard, inbox, letter

NEWER = ("tower.bell_cast.v1", "tower.bell_rung.v2")


def counted(service: str, type_: str) -> float:
    labels = {"service": service, "type": type_}
    return REGISTRY.get_sample_value("quittance_messages_unknown_total", labels) or 0


@pytest.fixture
def listener(tower: Tower) -> Inbox:
    """Counts under a name of its own."""
    return replace(inbox(tower), service=f"echo-{uuid4().hex}")


@pytest.mark.parametrize("type_", NEWER)
def test_an_unknown_type_or_version_is_passed_over_and_its_stream_goes_on(
    tower: Tower, tenant: UUID, bell: UUID, listener: Inbox, type_: str
) -> None:
    listener.receive([letter(tenant, bell, 1), letter(tenant, bell, 2, type=type_)])
    listener.receive([letter(tenant, bell, 3)])
    assert heard(tower, tenant, bell) == (1, 3)
    assert parked(tower, tenant) == []


def test_an_unknown_type_is_counted_each_time_and_logged_once(tenant: UUID, bell: UUID, listener: Inbox) -> None:
    with capture_logs() as logs:
        for n in (1, 2, 3):
            listener.receive([letter(tenant, bell, n, type=NEWER[0])])
    assert counted(listener.service, NEWER[0]) == 3
    assert [(line["log_level"], line["type"], line["source"]) for line in logs] == [
        ("warning", NEWER[0], "/tower/bell")
    ]


def test_a_repeat_and_a_batch_that_was_rolled_back_are_not_counted_twice(
    tenant: UUID, bell: UUID, listener: Inbox
) -> None:
    batch = [letter(tenant, bell, 1, type=NEWER[0]), letter(tenant, uuid4(), 1, POISON)]
    listener.receive(batch)
    listener.receive(batch)
    assert counted(listener.service, NEWER[0]) == 1


def test_what_waited_behind_a_gap_is_counted_when_it_is_passed_over(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    listener = replace(inbox(own_tower), service=f"echo-{uuid4().hex}")
    listener.receive([letter(tenant, bell, 2, type=NEWER[0])])
    assert counted(listener.service, NEWER[0]) == 0
    listener.receive([letter(tenant, bell, 1)])
    bring_back(own_tower, listener)
    assert counted(listener.service, NEWER[0]) == 1


def test_of_very_many_unknown_types_the_last_ones_are_counted_as_one(tenant: UUID, bell: UUID, listener: Inbox) -> None:
    many = unknown_types.MOST_TYPES + 10
    with capture_logs() as logs:
        listener.receive([letter(tenant, bell, n, type=f"tower.novelty_{n}.v1") for n in range(1, many + 1)])
    assert counted(listener.service, unknown_types.OTHER) == 10
    assert len(logs) == unknown_types.MOST_TYPES + 1


def test_unknown_fields_of_the_envelope_and_the_body_are_ignored(
    tower: Tower, tenant: UUID, bell: UUID, listener: Inbox
) -> None:
    told = msgspec.json.decode(encode(letter(tenant, bell, 1)))
    told |= {"dataschema": "https://later", "data": told["data"] | {"tower": {"height": 9}}}
    listener.receive([decode(msgspec.json.encode(told))])
    assert heard(tower, tenant, bell) == (1,)


def later_event(tower: Tower, tenant: UUID, bell: UUID, category: str) -> None:
    """What a later version has stored behind one event of this one's."""
    statement = """
    INSERT INTO events (tenant_id, category, stream_id, version, type, data, context, occurred_at, recorded_at)
    VALUES (%(t)s, %(c)s, %(b)s, 2, 'later', '{"times": 9}', '{}', now(), now())"""
    with tower.worker.begin() as tx:
        tx.exec_driver_sql(statement, {"t": tenant, "c": category, "b": bell})


def test_who_asks_for_what_a_later_version_stored_is_told_to_ask_again(tower: Tower, door: Door) -> None:
    bell = uuid4()
    tower.do(BELL, door.tenant_id, bell, Ring())
    later_event(tower, door.tenant_id, bell, "bell")
    with capture_logs() as logs:
        answer = door.client().post(
            f"/v1/bells/bel_{bell.hex}/ring", json={"times": 1}, headers={"Idempotency-Key": "1"}
        )
    assert (answer.status_code, answer.json()["title"]) == (503, "later_version_needed")
    assert answer.headers["Retry-After"]
    assert any("deploy the version that wrote it" in str(line.get("error")) for line in logs)


def test_a_message_for_what_a_later_version_stored_waits_for_that_version(
    own_tower: Tower, tenant: UUID, bell: UUID
) -> None:
    listener = inbox(own_tower)
    listener.receive([letter(tenant, bell, 1)])
    later_event(own_tower, tenant, bell, "echo")
    listener.receive([letter(tenant, bell, 2)])
    [waiting] = parked(own_tower, tenant)
    assert waiting.decision == "wait" and waiting.reason.startswith("UnknownEventType: 'later' in the events of 'echo'")
    later = later_version(own_tower)
    bring_back(own_tower, later)
    assert parked(own_tower, tenant) == []
    with own_tower.worker.connect() as tx:
        assert later.store.load_many(tx, ECHO, tenant, [bell])[bell].state == (1, 9, 2)


def later_version(tower: Tower) -> Inbox:
    """Of the echo alone: it reads what was stored under a name of tomorrow."""

    def read(data: dict[str, int]) -> tuple[str, dict[str, int]]:
        return next(iter(ECHO.event_types)), data

    echo: Decider[tuple[int, ...], object, object] = replace(ECHO, upcasters={"later": read})

    def hear_later(message: Message) -> Iterator[Order]:
        yield from (replace(order, decider=echo) for order in hear(message))

    return Inbox(tower.worker, EventStore([echo]), {BellRungV1.TYPE: hear_later}, "echo", lambda: datetime.now(UTC))
