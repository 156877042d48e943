"""One-event commands through the unit of work, against a bare `BEGIN; INSERT; COMMIT` on the same connections."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg

from infra.local.postgres import libpq
from shared.causes import Cause
from shared.clock import real_now
from shared.database import engine_for
from shared.tenancy import clocked_transaction
from shared.unit_of_work import Session, UnitOfWork
from tests.bench.clients import Connect, Turn
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower

PROCESSES = 8
_INSERT = """
INSERT INTO events (tenant_id, category, stream_id, version, public_sequence, type, data, context, occurred_at, recorded_at)
VALUES (%s, 'bell', %s, 1, 1, 'bell_rung', '{"times": 1}', '{"principal": "ringer"}', now(), now())"""


def bare(tower: Tower) -> Connect:
    def connect() -> Turn:
        connection, tenant = psycopg.connect(libpq(tower.urls.worker)), uuid4()

        def turn() -> None:
            connection.execute(_INSERT, (tenant, uuid4()))  # psycopg sends BEGIN before it
            connection.commit()

        return turn

    return connect


def through_the_unit_of_work(tower: Tower) -> Connect:
    """What a route does: tenant, clock, load, decide, append, project, queue the message, commit."""

    def connect() -> Turn:
        engine, tenant = engine_for(tower.urls.api, pool_size=1), uuid4()

        def turn() -> None:
            with clocked_transaction(engine, tenant) as (tx, clock):
                now = clock or real_now()
                unit = UnitOfWork(Session(tx, tower.store), Cause(tenant, now, now, {"principal": "ringer"}))
                unit.execute(BELL, _new_stream(), Ring())
                with unit.session.finishing():
                    pass

        return turn

    return connect


def _new_stream() -> UUID:
    return uuid4()
