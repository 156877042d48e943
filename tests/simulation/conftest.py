"""The four services in this process, for directed tests; and processes of their own, for seeds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.run import theatres
from tests.simulation.world import World, world
from tests.support.servers import Servers


@pytest.fixture(scope="package")
def simulated(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(servers, tmp_path_factory.mktemp("issuer")) as standing:
        yield standing


@pytest.fixture(scope="package")
def processes(servers: Servers) -> Iterator[ProcessPoolExecutor]:
    with theatres(servers) as pool:
        yield pool
