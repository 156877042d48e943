"""One of each service a test process, each on a database of its own; tests keep apart by tenant."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.house import Service, running
from tests.support.servers import Servers


@pytest.fixture
def tenant() -> str:
    return f"tenant-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def billing(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("billing", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service.hear_only_of_its_tenants()


@pytest.fixture(scope="session")
def usage(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("usage", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service.hear_only_of_its_tenants()


@pytest.fixture(scope="session")
def entitlement(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("entitlement", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service.hear_only_of_its_tenants()


@pytest.fixture(scope="session")
def renewals(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("renewals", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service.hear_only_of_its_tenants()
