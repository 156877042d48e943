"""Read models are what their events make, in every service; an operator sees where they are not, and repairs it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from infra.local.tokens import tenant_id
from shared.event_store import EventStore
from shared.rebuild import Comparison, ReadModel, rebuild
from tests.integration.stories import STORIES
from tests.support.house import Service, running
from tests.support.operating import operate
from tests.support.servers import Servers


@dataclass
class Told:
    """A service in which one tenant has lived through its story."""

    service: Service
    tenant: UUID

    def __post_init__(self) -> None:
        store: Any = importlib.import_module(f"services.{self.service.name}.store")
        self.models: Sequence[ReadModel] = store.READ_MODELS
        self.store: EventStore = store.create_store()
        self.tables = {table for model in self.models for table in model.tables}

    @property
    def engine(self) -> Engine:
        return self.service.background.relay.engine

    def compared(self) -> list[Comparison]:
        return rebuild(self.engine, self.store, self.models, keep=False)

    def lose_a_row_of(self, table: str) -> None:
        with self.engine.begin() as tx:
            one = f"SELECT ctid FROM {table} WHERE tenant_id = %(tenant)s LIMIT 1"
            lost = tx.exec_driver_sql(f"DELETE FROM {table} WHERE ctid = ({one})", {"tenant": self.tenant})
            assert lost.rowcount == 1

    def operate(self, *words: str) -> tuple[int, list[str]]:
        done = operate(self.service.name, self.service.urls.worker, *words)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()


@pytest.fixture(scope="module", params=STORIES)
def told(request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    tenant = f"story-{uuid4().hex}"
    with running(request.param, servers, tmp_path_factory.mktemp("issuer")) as service:
        service.hear_only_of_its_tenants().hear_of(tenant)
        STORIES[request.param](service, tenant)
        yield Told(service, tenant_id(tenant))


def test_after_a_story_every_read_model_has_rows_and_what_is_rebuilt_equals_it(told: Told) -> None:
    compared = told.compared()
    assert {c.table for c in compared} == told.tables
    assert [c.table for c in compared if told.tenant not in c.live] == [], "the story has to fill these as well"
    assert {c.table: c.different_tenants for c in compared if not c.is_equal} == {}


def test_a_lost_row_is_found_in_every_read_model(told: Told) -> None:
    for table in told.tables:
        told.lose_a_row_of(table)
    assert {c.table: c.different_tenants for c in told.compared()} == {table: [told.tenant] for table in told.tables}
    rebuild(told.engine, told.store, told.models, keep=True)
    assert [c.table for c in told.compared() if not c.is_equal] == []


def test_an_operator_is_told_which_table_of_which_tenant_differs_and_repairs_it(told: Told) -> None:
    status, lines = told.operate("verify")
    assert (status, [line for line in lines if not line.endswith("equal")]) == (0, [])
    table = sorted(told.tables)[0]
    told.lose_a_row_of(table)
    status, lines = told.operate("verify")
    [found] = [number for number, line in enumerate(lines) if line.endswith("DIFFERENT")]
    assert status == 1
    assert lines[found].startswith(f"{table} ") and lines[found + 1].startswith(f"  tenant {told.tenant} ")
    assert told.operate("rebuild")[0] == 0
    assert told.operate("verify")[0] == 0
