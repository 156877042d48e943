"""A tower on a database of its own, with its two running roles and a topic of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from sqlalchemy import Engine, create_engine

from infra.local.databases import Urls, create_database, drop_database
from shared.causes import Cause
from shared.clock import real_now
from shared.database import engine_for
from shared.decider import AnyDecider
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.settings import Settings
from shared.tenancy import secure, transaction
from shared.unit_of_work import Session, UnitOfWork
from tests.support.servers import Servers
from tests.support.tower import store as tower


@dataclass
class Tower:
    """`api` and `worker` are engines of the two roles; `run` is a transaction as a route has it."""

    urls: Urls
    servers: Servers
    topic: str
    group_suffix: str = field(default_factory=lambda: uuid4().hex[:8])

    @cached_property
    def api(self) -> Engine:
        return engine_for(self.urls.api, pool_size=10)

    @cached_property
    def worker(self) -> Engine:
        return engine_for(self.urls.worker, pool_size=10)

    @cached_property
    def outbox(self) -> Outbox:
        return tower.outbox(self.topic)

    @cached_property
    def store(self) -> EventStore:
        return tower.create_store(self.outbox)

    def settings(self, role: str) -> Settings:
        return Settings(
            database_url=getattr(self.urls, role),
            **self.servers.kafka("tower"),
            auth_issuer="nobody",
            auth_jwks_url="file:///nowhere",
            consumer_group_suffix=self.group_suffix,
        )

    @contextmanager
    def unit(self, tenant_id: UUID, **cause: Any) -> Iterator[UnitOfWork]:
        with transaction(self.api, tenant_id) as tx:
            now = real_now()
            stated: dict[str, Any] = {"occurred_at": now, "recorded_at": now, "context": {"principal": "ringer"}}
            unit = UnitOfWork(Session(tx, self.store), Cause(tenant_id, **(stated | cause)))
            yield unit
            unit.session.flush()

    def do(self, decider: AnyDecider, tenant_id: UUID, stream_id: UUID, *commands: Any, **cause: Any) -> list[Any]:
        with self.unit(tenant_id, **cause) as unit:
            return [event for command in commands for event in unit.execute(decider, stream_id, command)]

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """What anybody may see who sees all tenants."""
        with self.worker.connect() as tx:
            return list(tx.exec_driver_sql(statement, parameters).all())

    def state(self, decider: AnyDecider, tenant_id: UUID, stream_id: UUID) -> Any:
        with self.worker.connect() as tx:
            return self.store.load_many(tx, decider, tenant_id, [stream_id])[stream_id].state

    def as_owner(self, statements: str) -> None:
        engine = create_engine(self.urls.owner)
        with engine.begin() as tx:
            tx.exec_driver_sql(statements)
        engine.dispose()

    def close(self) -> None:
        self.api.dispose()
        self.worker.dispose()


@contextmanager
def standing(servers: Servers) -> Iterator[Tower]:
    name = f"tower_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, name, "tower")
    build(urls)
    tower_ = Tower(urls, servers, f"{name}.bells")
    create_topic(servers, tower_.topic)
    try:
        yield tower_
    finally:
        tower_.close()
        drop_database(servers.admin_url, name)


def build(urls: Urls) -> None:
    queues = [table.name for table in tower.metadata.tables.values() if table.info.get("queue")]
    by_tenant = [name for name in tower.metadata.tables if name not in queues]
    engine = create_engine(urls.owner)
    with engine.begin() as tx:
        tower.metadata.create_all(tx)
        for statement in secure("tower", by_tenant=by_tenant, queues=queues):
            tx.exec_driver_sql(statement)
    engine.dispose()


def create_topic(servers: Servers, topic: str, partitions: int = 4) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers.bootstrap_servers)
    try:
        admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        admin.close()
