"""Billing as it is deployed, for one run: a durable PostgreSQL, and an API in a process of its own."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.children import end, free_port, launch, plain_environment
from infra.local.databases import Urls, create_database
from infra.local.postgres import Postgres
from infra.local.tokens import DevelopmentIssuer, tenant_id
from tests.bench.billing.seller import Seller
from tests.support.api_process import is_alive
from tests.support.house import ALL_SCOPES, migrate
from tests.support.waiting import eventually

TENANT = "bench"
NO_LIMIT = {"RATE_LIMIT_REQUESTS": "1000000000"}
NO_BROKER = "127.0.0.1:9"  # the API of billing speaks to none


@dataclass(frozen=True, slots=True)
class Stand:
    home: Path
    postgres: Postgres
    urls: Urls
    issuer: DevelopmentIssuer

    @property
    def postgres_pid(self) -> int:
        assert self.postgres.child
        return self.postgres.child.pid

    @property
    def token(self) -> str:
        return self.token_of(TENANT)

    def token_of(self, tenant: str) -> str:
        return self.issuer.token(tenant=tenant, scopes=ALL_SCOPES)

    def seller(self, tenant: str = TENANT) -> Seller:
        return Seller(self.urls, tenant_id(tenant))

    @contextmanager
    def api(self) -> Iterator[int]:
        """Its port, once it answers."""
        port = free_port()
        environment = {
            **plain_environment(),
            **self.issuer.settings,
            **NO_LIMIT,
            "DATABASE_URL": self.urls.api,
            "KAFKA_BOOTSTRAP_SERVERS": NO_BROKER,
        }
        command = [sys.executable, "-m", "shared.http.server", "services.billing.app:from_environment"]
        child = launch([*command, "--port", str(port)], environment=environment, log=self.home / "api.log")
        try:
            eventually(lambda: is_alive(port))
            yield port
        finally:
            end(child, signal.SIGTERM, 10)


@contextmanager
def standing() -> Iterator[Stand]:
    home = Path(tempfile.mkdtemp(prefix="quittance-bench-"))
    home.chmod(0o711)  # the server's own user passes through
    postgres = Postgres(home / "postgres", home / "postgres.log")
    with ExitStack() as opened:
        opened.callback(shutil.rmtree, home, ignore_errors=True)
        opened.callback(postgres.remove)
        opened.callback(postgres.stop)
        postgres.start()
        urls = create_database(postgres.admin_url, "billing_bench", "billing")
        migrate("billing", urls.owner)
        issuer = DevelopmentIssuer(home / "issuer")
        issuer.prepare()
        yield Stand(home, postgres, urls, issuer)
