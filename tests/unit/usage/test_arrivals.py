"""What arrives together goes to the log together, by tenant, and every event once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from services.usage.domain.cloud_event import Arrivals, CloudEvent, put_together

AT = datetime(2026, 1, 1, tzinfo=UTC)
ACME, GLOBEX = uuid4(), uuid4()


def arrived(tenant_id: UUID, *ids: str, seconds: int = 0) -> Arrivals:
    at = AT + timedelta(seconds=seconds)
    events = [CloudEvent(id_, "/s", "t", "a", at, msgspec.Raw(b"{}")) for id_ in ids]
    return Arrivals(tenant_id=tenant_id, batch_id=uuid4(), received_at=at, events=events)


def test_what_arrives_alone_stays_as_it_is():
    alone = arrived(ACME, "1")
    assert put_together([alone]) == {ACME: alone}


def test_a_tenant_has_one_batch_with_all_its_events_in_order_and_nobody_elses():
    batches = put_together(
        [arrived(ACME, "1", "2"), arrived(GLOBEX, "1"), arrived(ACME), last := arrived(ACME, "3", seconds=1)]
    )
    assert {tenant: [event.id for event in batch.events] for tenant, batch in batches.items()} == {
        ACME: ["1", "2", "3"],
        GLOBEX: ["1"],
    }
    assert (batches[ACME].batch_id, batches[ACME].received_at) == (last.batch_id, last.received_at)
