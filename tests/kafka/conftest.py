"""An Apache Kafka of its own for tests that end it, and one that wants to know who asks; towers as the kernel's tests have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.local.apache_kafka import ApacheKafka
from tests.integration.kernel.conftest import own_tower, tenant
from tests.support.servers import Servers, create_product_topics
from tests.support.tower.house import Tower, standing

__all__ = ["own_tower", "tenant"]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """Nobody else uses it."""
    home = tmp_path_factory.mktemp("kafka")
    broker = ApacheKafka(home / "kafka", home / "kafka.log")
    broker.start()
    create_product_topics(broker)
    yield broker
    broker.stop()


@pytest.fixture
def tower(servers: Servers, broker: ApacheKafka) -> Iterator[Tower]:
    """On that broker."""
    with standing(replace(servers, bootstrap_servers=broker.bootstrap_servers)) as tower:
        yield tower
