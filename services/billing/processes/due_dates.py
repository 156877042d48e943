"""A due date of a stream. Timers of one instant fire by stage: terms, then periods, then bills, then dunning."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.event_store import Recorded
from shared.timers import Timer

TERMS, PERIODS, BILLS, DUNNING = range(4)


def due(recorded: Recorded, name: str, fire_at: datetime, stage: int, subject: UUID | None = None) -> Timer:
    """Of the event's own stream, unless it is another one's."""
    subject = subject or recorded.stream_id
    return Timer(tenant_id=recorded.tenant_id, name=name, subject=subject, fire_at=fire_at, stage=stage)
