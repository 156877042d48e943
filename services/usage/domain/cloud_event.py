"""A usage event on its way in: a CloudEvents 1.0 envelope, typed, around data that is kept byte for byte."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

OLDEST = timedelta(days=400)  # as far back as repeats are remembered
FURTHEST_AHEAD = timedelta(minutes=5)


class CloudEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`time` is in UTC; `data` is the JSON text of an object."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: msgspec.Raw


def as_sent(event: CloudEvent) -> bytes:
    """The event as one structured CloudEvent, with its data digit for digit."""
    attributes = {name: getattr(event, name) for name in event.__struct_fields__}
    return msgspec.json.encode({"specversion": "1.0", **attributes})


class EventError(msgspec.Struct, frozen=True):
    """What is wrong with the event at `index` of its batch; `pointer` is the JSON pointer within the event."""

    index: int
    pointer: str
    code: str
    message: str


class Rejected(msgspec.Struct, frozen=True):
    """An event that was not accepted: its JSON text (cut where it is long), and when it happened if that is known."""

    index: int
    at: datetime
    text: str
    errors: list[EventError]


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """Events of one tenant that arrived together, in order."""

    tenant_id: UUID
    batch_id: UUID
    received_at: datetime
    events: list[CloudEvent]
    rejected: list[Rejected] = []


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What one request brought of faultless events: they become a batch with others."""

    tenant_id: UUID
    received_at: datetime
    events: list[CloudEvent]


def put_together(sent: Iterable[Sent], batch_ids: Iterator[UUID]) -> dict[UUID, Arrivals]:
    """By tenant, as one batch each with the next of the ids, in order, received when the last of them was."""
    by_tenant: dict[UUID, list[Sent]] = defaultdict(list)
    for each in sent:
        by_tenant[each.tenant_id].append(each)
    return {tenant_id: _batch(next(batch_ids), together) for tenant_id, together in by_tenant.items()}


def _batch(batch_id: UUID, together: Sequence[Sent]) -> Arrivals:
    last = together[-1]
    events = [event for each in together for event in each.events]
    return Arrivals(tenant_id=last.tenant_id, batch_id=batch_id, received_at=last.received_at, events=events)


class Window(msgspec.Struct, frozen=True):
    """Which times are accepted, by the tenant's clock; with a test clock the future is not limited."""

    now: datetime
    oldest: datetime
    latest: datetime | None

    @classmethod
    def at(cls, now: datetime, *, test_clock: bool = False) -> Window:
        return cls(now, now - OLDEST, None if test_clock else now + FURTHEST_AHEAD)

    def holds(self, time: datetime) -> bool:
        return self.oldest <= time and (self.latest is None or time <= self.latest)
