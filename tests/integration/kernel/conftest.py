"""One tower for all tests that keep apart by tenant, and a new one for those that look into queues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from infra.local.tokens import DevelopmentIssuer, tenant_id
from tests.support.servers import Servers
from tests.support.tower.api import SCOPES, create_app
from tests.support.tower.house import Tower, standing


@pytest.fixture(scope="session")
def tower(servers: Servers) -> Iterator[Tower]:
    with standing(servers) as tower:
        yield tower


@pytest.fixture
def own_tower(servers: Servers) -> Iterator[Tower]:
    with standing(servers) as tower:
        yield tower


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


@pytest.fixture
def bell() -> UUID:
    return uuid4()


@dataclass
class Door:
    """The tower's API, and tokens for a tenant of one's own."""

    app: FastAPI
    issuer: DevelopmentIssuer
    tenant_name: str = field(default_factory=lambda: uuid4().hex)

    @property
    def tenant_id(self) -> UUID:
        return tenant_id(self.tenant_name)

    def client(self, scopes: list[str] = SCOPES) -> TestClient:
        token = self.issuer.token(tenant=self.tenant_name, scopes=scopes, subject="ann")
        return TestClient(self.app, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    issuer = DevelopmentIssuer(tmp_path_factory.mktemp("issuer"))
    issuer.prepare()
    return issuer


@pytest.fixture
def door(tower: Tower, issuer: DevelopmentIssuer) -> Door:
    return Door(create_app(tower, issuer.settings), issuer)
