"""The renewals worker: relay, consumers, timers."""

from __future__ import annotations

import threading

from services.renewals.messaging.inbound import HANDLERS, TIMERS, TOPICS
from services.renewals.settings import Settings
from services.renewals.store import OUTBOX, create_store
from shared import kafka, logs
from shared.background import Background, background
from shared.database import engine_for, wait_for_database
from shared.worker import Worker


def create_background(settings: Settings, cluster_id: str) -> Background:
    return background(
        settings,
        engine_for(settings.database, pool_size=settings.pool_size),
        cluster_id,
        store=create_store(),
        outbox=OUTBOX,
        handlers=HANDLERS,
        timers=TIMERS,
        topics=TOPICS,
    )


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level, "renewals", "worker")
    engine = engine_for(settings.database, pool_size=1)
    wait_for_database(engine, settings.startup_timeout_seconds)
    engine.dispose()
    parts = create_background(settings, kafka.wait_for_broker(settings))
    worker = Worker("renewals", parts.loops(), threading.Event())
    worker.show_metrics(settings.metrics_port)
    worker.run()


if __name__ == "__main__":
    main()
