"""One of each service for a file of tests, each on a database of its own; tests keep apart by tenant.

A consumer that nobody turns for minutes is thrown out of its group by the broker, so none outlives its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.house import Service, running
from tests.support.servers import Servers


@pytest.fixture
def tenant() -> str:
    return f"tenant-{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def billing(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("billing", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service


@pytest.fixture(scope="module")
def usage(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("usage", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service


@pytest.fixture(scope="module")
def entitlement(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("entitlement", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service


@pytest.fixture(scope="module")
def renewals(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("renewals", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service
