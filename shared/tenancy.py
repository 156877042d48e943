"""Row-level security: a transaction belongs to one tenant, and the database itself keeps the others out of sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.statements import Parameters, look, run

_TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"

# The clock is looked for with the tenant that was set, hence after it was set.
_ENTER = """
WITH entered AS MATERIALIZED (SELECT set_config('app.tenant_id', %(tenant)s, true) AS tenant_id)
SELECT (SELECT now FROM test_clocks c WHERE c.tenant_id = entered.tenant_id::uuid) FROM entered"""


# A question that depends on the tenant that was set is asked after it was set, however it is planned.
_ASK = """
WITH entered AS MATERIALIZED (SELECT set_config('app.tenant_id', %(tenant)s::text, true) AS tenant_id)
SELECT told.* FROM entered CROSS JOIN LATERAL
  (SELECT asked.* FROM ({question}) AS asked WHERE entered.tenant_id IS NOT NULL OFFSET 0) AS told"""


class Ask(Protocol):
    """Puts a question to one tenant's rows; `%(tenant)s` in it is the tenant."""

    def __call__(self, question: str, parameters: Parameters, /) -> Iterable[tuple[Any, ...]]: ...


def asking(engine: Engine, tenant_id: UUID) -> Ask:
    """Each question is one round trip and sees rows of this tenant only: a transaction would make it four."""
    return lambda question, parameters: look(
        engine, _ASK.format(question=question), {"tenant": tenant_id, **parameters}
    )


def asking_within(tx: Connection, tenant_id: UUID) -> Ask:
    """Questions of a transaction that belongs to the tenant."""
    return lambda question, parameters: run(tx, question, {"tenant": tenant_id, **parameters})


@contextmanager
def transaction(engine: Engine, tenant_id: UUID) -> Iterator[Connection]:
    """For the role `api`: sees and writes rows of this tenant only. The setting ends with the transaction."""
    with clocked_transaction(engine, tenant_id) as (tx, _):
        yield tx


@contextmanager
def clocked_transaction(engine: Engine, tenant_id: UUID) -> Iterator[tuple[Connection, datetime | None]]:
    """The same, with where the tenant's test clock stands, if it has one."""
    with engine.begin() as tx:
        entered = run(tx, _ENTER, {"tenant": str(tenant_id)})
        yield tx, next(entered)[0]


def secure(service: str, *, by_tenant: Sequence[str], queues: Sequence[str]) -> list[str]:
    """The statements that give a service's two running roles what they need on its tables, and nothing else.

    Tables by tenant carry a policy; queues carry none, and the API may only add to outbox and timers. Events are
    never updated or deleted, by anybody.
    """
    api, worker = f"{service}_api", f"{service}_worker"
    facts = [s for name in by_tenant for s in _by_tenant(name, api, worker)]
    return [*facts, *(s for name in queues for s in _queue(name, api, worker))]


def _by_tenant(table: str, api: str, worker: str) -> list[str]:
    rights = "SELECT, INSERT" if table == "events" else "SELECT, INSERT, UPDATE, DELETE"
    return [
        f"GRANT {rights} ON {table} TO {api}, {worker}",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY by_tenant ON {table} TO {api} USING (tenant_id = {_TENANT}) WITH CHECK (tenant_id = {_TENANT})",
        f"CREATE POLICY all_tenants ON {table} TO {worker} USING (true) WITH CHECK (true)",
    ]


def _queue(table: str, api: str, worker: str) -> list[str]:
    api_rights = [f"GRANT INSERT ON {table} TO {api}"] if table in ("outbox", "timers") else []
    return [*api_rights, f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {table} TO {worker}"]
