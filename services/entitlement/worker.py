"""The entitlement worker: relay, consumers, timers."""

from __future__ import annotations

from services.entitlement.messaging.inbound import HANDLERS, TIMERS, TOPICS
from services.entitlement.settings import Settings
from services.entitlement.store import OUTBOX, create_store
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
    start("entitlement", Settings(), create_background)


if __name__ == "__main__":
    main()
