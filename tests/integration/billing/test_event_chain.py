"""What was written can be shown to be what is there: a change of history breaks the chain where it was made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import ProgrammingError

from tests.integration.billing.room import Room
from tests.support.house import Service, running
from tests.support.servers import Servers


@pytest.fixture(scope="module")
def damaged(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """On a database of its own: what is changed in its history stays changed."""
    with running("billing", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service.hear_only_of_its_tenants()


@pytest.fixture
def room(damaged: Service, tenant: str) -> Room:
    room = Room(damaged, tenant)
    room.live_until("2031-01-10")
    return room


def verify(room: Room, **body: Any) -> dict[str, Any]:
    answer = room.client.post("/v1/ledger/verify", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@contextmanager
def owner(room: Room) -> Iterator[Any]:
    """Who owns the database can do anything."""
    engine = create_engine(room.billing.urls.owner)
    with engine.begin() as tx:
        yield tx
    engine.dispose()


def happened(room: Room) -> int:
    with room.engine.connect() as tx:
        where = {"tenant": room.tenant_id}
        counted: int = tx.exec_driver_sql(
            "SELECT count(*) FROM events WHERE tenant_id = %(tenant)s", where
        ).scalar_one()
    return counted


ISSUED = "tenant_id = %(tenant)s AND category = 'invoice' AND version = 2"


def test_all_events_are_chained_and_the_root_moves_with_each(room: Room) -> None:
    before = verify(room)
    assert (before["equal"], before["broken"], before["events"]) == (True, [], happened(room))
    room.pay(room.one(number="INV-000001"))
    after = verify(room)
    assert after["equal"] and after["events"] > before["events"] and after["root"] != before["root"]


def test_what_was_kept_elsewhere_tells_a_chain_that_was_made_anew(room: Room) -> None:
    room.pay(room.one(number="INV-000001"))
    then = "2031-01-09T00:00:00Z"
    kept = verify(room, known_at=then)["root"]
    assert verify(room, known_at=then, root=kept)["equal"]
    with owner(room) as tx:
        where = {"tenant": room.tenant_id}
        tx.exec_driver_sql(f'UPDATE events SET data = data || \'{{"series": "X"}}\' WHERE {ISSUED}', where)
        tx.exec_driver_sql(
            "UPDATE event_hashes h SET hash = hash_of_event(e, (SELECT hash FROM event_hashes p WHERE "
            "p.tenant_id = h.tenant_id AND p.category = h.category AND p.stream_id = h.stream_id AND p.version = 1)) "
            f"FROM events e WHERE h.stream_id = e.stream_id AND h.version = 2 AND e.{ISSUED.replace('AND ', 'AND e.')}",
            where,
        )
        tx.exec_driver_sql(
            "UPDATE event_hashes h SET hash = hash_of_event(e, (SELECT hash FROM event_hashes p WHERE "
            "p.tenant_id = h.tenant_id AND p.category = h.category AND p.stream_id = h.stream_id AND p.version = 2)) "
            "FROM events e WHERE e.tenant_id = %(tenant)s AND e.category = 'invoice' AND e.version = 3 "
            "AND h.stream_id = e.stream_id AND h.version = 3",
            where,
        )
    assert not verify(room, known_at=then, root=kept)["equal"]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("UPDATE events SET data = jsonb_set(data, '{facts,total,minor}', '1')", "changed"),
        ("UPDATE events SET occurred_at = occurred_at - interval '1 second'", "changed"),
        ('UPDATE events SET context = context || \'{"principal": "nobody"}\'', "changed"),
        ("DELETE FROM events", "missing"),
        ("DELETE FROM event_hashes", "not_chained"),
    ],
)
def test_what_was_changed_is_named(room: Room, damage: str, reason: str) -> None:
    with owner(room) as tx:
        assert tx.exec_driver_sql(f"{damage} WHERE {ISSUED}", {"tenant": room.tenant_id}).rowcount == 1
    found = verify(room)
    assert not found["equal"]
    [broken] = found["broken"]
    assert (broken["category"], broken["version"], broken["reason"]) == ("invoice", 2, reason)


@pytest.mark.parametrize("statement", ["UPDATE event_hashes SET hash = ''", "DELETE FROM event_hashes"])
def test_who_runs_the_service_cannot_change_the_chain(room: Room, statement: str) -> None:
    with room.engine.connect() as tx, pytest.raises(ProgrammingError) as refused:
        tx.exec_driver_sql(statement)
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
