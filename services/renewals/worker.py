"""The renewals worker: relay, consumers, timers."""

from __future__ import annotations

from services.renewals.messaging.inbound import HANDLERS, TIMERS, TOPICS
from services.renewals.settings import Settings
from services.renewals.store import OUTBOX, create_store
from shared.background import Background, Duties, background, start
from shared.database import engine_for


def create_background(settings: Settings, cluster_id: str) -> Background:
    return background(
        settings,
        engine_for(settings.database, pool_size=settings.pool_size),
        cluster_id,
        Duties(store=create_store(), outbox=OUTBOX, handlers=HANDLERS, timers=TIMERS, topics=TOPICS),
    )


def main() -> None:
    start("renewals", Settings(), create_background)


if __name__ == "__main__":
    main()
