"""`make soak MINUTES=60`: a mixed load on the local stack for a while, and what grew meanwhile."""

from __future__ import annotations

import os
import platform
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from sqlalchemy import Engine

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from infra.local import databases
    from infra.local.scopes import every_scope
    from infra.local.services import SERVICES, BrokerKind
    from infra.local.stack import Stack
    from infra.local.tokens import DevelopmentIssuer
    from shared import kafka
    from shared.database import engine_for
    from shared.settings import Settings
    from tests.soak.load import EVENTS_A_BATCH, FastClock, Tenant, at_pace
    from tests.soak.picture import draw
    from tests.soak.samples import Latencies, Samples

SECONDS_BETWEEN_LOOKS = 5.0
# How often a second; each turn of a sale is up to six requests, of a question three.
PACE = {"sell": 2.0, "use": 10.0, "ask": 5.0, "fast clock": 1.0}


def main(
    minutes: Annotated[float, typer.Option(help="How long.")] = 60,
    out: Annotated[Path, typer.Option(help="Where soak.csv and soak.png go.")] = Path("out"),
    broker: Annotated[BrokerKind, typer.Option(help="The local one keeps everything in memory and grows.")] = "local",
) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = Path(tempfile.mkdtemp(prefix="quittance-soak-"))
    home.chmod(0o711)  # the server's own user passes through
    out.mkdir(parents=True, exist_ok=True)
    stack = Stack(home, typer.echo, broker_kind=broker)
    try:
        stack.start()
        samples = soak(stack, minutes)
    finally:
        stack.stop()
        stack.postgres.remove()
    samples.write(out / "soak.csv")
    title = f"{minutes:g} minutes, {os.cpu_count()} cores, {broker} broker, Python {platform.python_version()}, {PACE} a second"
    draw(samples.rows, out / "soak.png", title)
    tell(samples)


def soak(stack: Stack, minutes: float) -> Samples:
    latencies, done = Latencies(), threading.Event()
    samples = Samples(stack, _engines(stack), latencies, kafka.consumer(_settings(stack), None))
    steady, fast = (
        Tenant(_clients(stack, "steady"), latencies.took),
        FastClock(Tenant(_clients(stack, "fast"), latencies.took)),
    )
    steady.open_shop()
    fast.begin()
    today = datetime.now(UTC).date().isoformat()
    with ThreadPoolExecutor(len(PACE)) as threads:
        at_pace(threads, done, PACE["sell"], lambda: steady.sell(today))
        at_pace(threads, done, PACE["use"], steady.use)
        at_pace(threads, done, PACE["ask"], steady.ask)
        at_pace(threads, done, PACE["fast clock"], fast.live)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            done.wait(SECONDS_BETWEEN_LOOKS)
            samples.look()
        done.set()
    return samples


def tell(samples: Samples) -> None:
    for name, (before, after) in samples.growth().items():
        typer.echo(f"{name:28} {before:>10.1f} {after:>10.1f}")
    answers = samples.latencies.answers
    typer.echo(f"answers: {dict(answers)}; events: {answers['events'] * EVENTS_A_BATCH:,}")
    typer.echo(f"answers of 500 and above: {dict(samples.latencies.failures)}")


def _clients(stack: Stack, tenant: str) -> Mapping[str, httpx.Client]:
    token = DevelopmentIssuer(stack.home).token(tenant=tenant, scopes=every_scope(), subject="soak")
    headers = {"Authorization": f"Bearer {token}"}
    urls = {p.name.removesuffix("-api"): p.process.ready_url for p in stack.running if p.process.ready_url}
    return {
        name: httpx.Client(base_url=url.removesuffix("/readyz"), headers=headers, timeout=60)
        for name, url in urls.items()
    }


def _engines(stack: Stack) -> dict[str, Engine]:
    admin = stack.postgres.admin_url
    return {name: engine_for(databases.urls(admin, name, name).worker, pool_size=1) for name in SERVICES}


def _settings(stack: Stack) -> Settings:
    return Settings(
        database_url="postgresql://nobody",
        kafka_bootstrap_servers=stack.broker.bootstrap_servers,
        kafka_profile=stack.broker_kind,
        auth_issuer="nobody",
        auth_jwks_url="file:///nowhere",
    )


if __name__ == "__main__":
    typer.run(main)
