"""How usage events are shown."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.usage.api.shapes import BatchId, plain
from services.usage.metering.stored_events import Place
from services.usage.projections.period_events import CountedEvent
from shared.http.problems import Problem


class EventOut(BaseModel):
    """`data` is the JSON text that was sent, digit for digit: no number went through a float."""

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    data: str
    batch_id: BatchId
    received_at: datetime


class CountedEventOut(BaseModel):
    """`quantity` is what the event added to its group; a unique count counts `unique` once."""

    source: str
    id: str
    subject: str
    time: datetime
    group: str
    quantity: str
    unique: str | None


def counted_event_out(counted: CountedEvent) -> CountedEventOut:
    event, measured = counted.event, counted.measured
    return CountedEventOut(
        source=event.source,
        id=event.id,
        subject=event.subject,
        time=event.place.time,
        group=measured.group,
        quantity=plain(measured.quantity),
        unique=measured.unique,
    )


def place_text(place: Place) -> str:
    return f"{place.time.isoformat()} {place.position}"


def place_of(text: str) -> Place:
    time, _, position = text.rpartition(" ")
    try:
        return Place(datetime.fromisoformat(time), int(position))
    except ValueError:
        raise Problem(400, "malformed_cursor", "cursor must be the next_cursor of an earlier answer") from None
