"""What arrives together goes to the log together, by tenant, and every event once."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import msgspec

from services.usage.domain.cloud_event import Arrivals, CloudEvent, Sent, put_together

AT = datetime(2026, 1, 1, tzinfo=UTC)
ACME, GLOBEX = uuid4(), uuid4()


def sent(tenant_id: UUID, *ids: str, seconds: int = 0) -> Sent:
    at = AT + timedelta(seconds=seconds)
    return Sent(tenant_id, at, [CloudEvent(id_, "/s", "t", "a", at, msgspec.Raw(b"{}")) for id_ in ids])


def together(*requests: Sent) -> dict[UUID, Arrivals]:
    return put_together(requests, (UUID(int=number) for number in count(1)))


def test_what_arrives_alone_is_a_batch() -> None:
    alone = sent(ACME, "1")
    batch = Arrivals(tenant_id=ACME, batch_id=UUID(int=1), received_at=AT, events=alone.events)
    assert together(alone) == {ACME: batch}


def test_a_tenant_has_one_batch_with_all_its_events_in_order_and_nobody_elses() -> None:
    batches = together(sent(ACME, "1", "2"), sent(GLOBEX, "1"), sent(ACME), sent(ACME, "3", seconds=1))
    assert {tenant: [event.id for event in batch.events] for tenant, batch in batches.items()} == {
        ACME: ["1", "2", "3"],
        GLOBEX: ["1"],
    }
    assert [(batch.batch_id.int, batch.received_at) for batch in batches.values()] == [
        (1, AT + timedelta(seconds=1)),
        (2, AT),
    ]
