"""Usage as it is deployed, for one run: a durable PostgreSQL, an Apache Kafka, an API and a worker of their own."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from infra.local.apache_kafka import LONG, ApacheKafka
from infra.local.children import end, free_port, launch, plain_environment
from infra.local.databases import create_database
from infra.local.postgres import Postgres
from infra.local.tokens import DevelopmentIssuer
from shared.contracts.billing import UsagePeriodOpenedV1
from tests.bench.usage.events import SUBJECTS, TYPE
from tests.support.api_process import is_alive
from tests.support.billing_news import BillingNews
from tests.support.house import ALL_SCOPES, Service, migrate, settle
from tests.support.servers import Servers, create_product_topics
from tests.support.waiting import eventually

TENANT = "bench"
# As a server that has some gigabytes for the database.
LARGE = {"shared_buffers": "4GB", "max_wal_size": "16GB"}
NO_LIMIT = {"RATE_LIMIT_REQUESTS": "1000000000", "RATE_LIMIT_BYTES": "1000000000000"}


@dataclass(frozen=True, slots=True)
class Stand:
    home: Path
    postgres: Postgres
    kafka: ApacheKafka
    service: Service
    token: str

    @property
    def server_pids(self) -> list[int]:
        return [self.kafka_pid, self.postgres_pid]

    @property
    def kafka_pid(self) -> int:
        assert self.kafka.child
        return self.kafka.child.pid

    @property
    def postgres_pid(self) -> int:
        assert self.postgres.child
        return self.postgres.child.pid

    @contextmanager
    def api(self) -> Iterator[tuple[int, int]]:
        """Its port and its process, once it knows the tenant."""
        port = free_port()
        command = ["-m", "shared.http.server", "services.usage.app:from_environment", "--port", str(port)]
        with self._running("api", command, self.service.urls.api) as pid:
            eventually(lambda: is_alive(port))
            sent = httpx.post(f"http://127.0.0.1:{port}/v1/events", content=b"[]", headers=self._headers())
            assert sent.status_code == 202, sent.text
            yield port, pid

    @contextmanager
    def bare(self) -> Iterator[tuple[int, int]]:
        port = free_port()
        with self._running("bare", ["-m", "tests.bench.usage.bare"], self.service.urls.api, PORT=str(port)) as pid:
            eventually(lambda: _accepts(port))
            yield port, pid

    @contextmanager
    def worker(self) -> Iterator[int]:
        with self._running("worker", ["-m", "services.usage.worker"], self.service.urls.worker) as pid:
            yield pid

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/cloudevents-batch+json"}

    @contextmanager
    def _running(self, name: str, command: list[str], database: str, **more: str) -> Iterator[int]:
        environment = {
            **plain_environment(),
            **self.service.issuer.settings,
            **NO_LIMIT,
            "DATABASE_URL": database,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            **more,
        }
        child = launch([sys.executable, *command], environment=environment, log=self.home / f"{name}.log")
        try:
            yield child.pid
        finally:
            end(child, signal.SIGTERM, 10)


def _accepts(port: int) -> bool:
    try:
        httpx.post(
            f"http://127.0.0.1:{port}/", content=b"[]", headers={"Content-Type": "application/cloudevents-batch+json"}
        )
    except httpx.TransportError:
        return False
    return True


@contextmanager
def standing() -> Iterator[Stand]:
    """With a tenant on real time that has a meter, and a period for each of its customers."""
    home = Path(tempfile.mkdtemp(prefix="quittance-bench-"))
    home.chmod(0o711)  # the server's own user passes through
    postgres = Postgres(home / "postgres", home / "postgres.log", settings=LARGE)
    kafka = ApacheKafka(home / "kafka", home / "kafka.log", options=LONG)
    with ExitStack() as opened:
        opened.callback(shutil.rmtree, home, ignore_errors=True)
        opened.callback(postgres.remove)
        opened.callback(postgres.stop)
        postgres.start()
        opened.callback(kafka.stop)
        kafka.start()
        create_product_topics(kafka)
        service = _service(postgres, kafka, home)
        opened.callback(service.close)
        token = service.issuer.token(tenant=TENANT, scopes=ALL_SCOPES)
        _furnish(service)
        yield Stand(home, postgres, kafka, service, token)


def _service(postgres: Postgres, kafka: ApacheKafka, home: Path) -> Service:
    urls = create_database(postgres.admin_url, "usage_bench", "usage")
    migrate("usage", urls.owner)
    issuer = DevelopmentIssuer(home / "issuer")
    issuer.prepare()
    return Service("usage", urls, Servers(postgres.admin_url, kafka.bootstrap_servers, "apache"), issuer)


def _furnish(service: Service) -> None:
    meter = {"event_type": TYPE, "aggregation": "sum", "value": "$.minutes", "unit": "minute"}
    assert service.client(TENANT).put("/v1/meters/minutes", json=meter).status_code == 200
    news = BillingNews(service, TENANT)
    today = datetime.now(UTC).replace(microsecond=0)
    for subject in SUBJECTS:
        period_id = uuid4()
        contract = UsagePeriodOpenedV1(
            period_id=period_id,
            subscription_id=uuid4(),
            customer_id=UUID(int=7),
            charge="minutes",
            subjects=[subject],
            meter="minutes",
            group_by=[],
            starts_at=today - timedelta(days=1),
            ends_at=today + timedelta(days=30),
            collect_seconds=0,
        )
        news.tell("usage_period", period_id, contract, today)
    settle([service])
    news.publisher.close()
    service.background.close()
