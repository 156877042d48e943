"""What goes into the ingest log comes out of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.cloud_event import Arrivals, CloudEvent, EventError, Rejected
from services.usage.messaging.ingest_record import MOST_BYTES, pack, partition_of, unpack

tenant = UUID(int=7)
at = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
texts = st.text(min_size=1, max_size=5)
events = st.builds(
    CloudEvent,
    id=texts,
    source=texts,
    type=texts,
    subject=texts,
    time=st.integers(0, 10**9).map(lambda n: at + timedelta(microseconds=n)),
    data=st.dictionaries(texts, texts | st.integers()).map(lambda d: msgspec.Raw(msgspec.json.encode(d))),
)
rejected = Rejected(3, at, '{"id":""}', [EventError(3, "/id", "missing", "is required and not empty")])


def arrivals(events, rejected=()):
    return Arrivals(
        tenant_id=tenant, batch_id=UUID(int=8), received_at=at, events=list(events), rejected=list(rejected)
    )


def event(id_, subject="acme", size=2):
    data = msgspec.Raw(b'{"x":"' + b"x" * size + b'"}')
    return CloudEvent(id_, "/s", "t", subject, at, data)


@given(st.lists(events, max_size=20), st.integers(1, 5))
def test_every_event_is_in_exactly_one_record_of_its_partition(given_events, partitions):
    found = []
    for packed in pack(arrivals(given_events, [rejected]), partitions):
        record = unpack(packed.value)
        assert (record.tenant_id, record.batch_id, record.received_at) == (tenant, UUID(int=8), at)
        assert all(partition_of(tenant, e.subject, partitions) == packed.partition for e in record.events)
        found += [*record.events, *record.rejected]
    order = msgspec.json.encode
    assert sorted(found, key=order) == sorted([*given_events, rejected], key=order)


def test_a_partition_gets_one_record_per_request():
    packed = pack(arrivals(event(str(n), subject=str(n % 40)) for n in range(500)), 4)
    assert sorted(p.partition for p in packed) == [0, 1, 2, 3]


def test_events_of_a_subject_stay_in_order():
    (packed,) = pack(arrivals(event(str(n)) for n in range(100)), 8)
    assert [e.id for e in unpack(packed.value).events] == [str(n) for n in range(100)]


def test_records_are_cut_below_the_limit_of_kafka():
    packed = pack(arrivals(event(str(n), size=200_000) for n in range(10)), 1)
    assert all(len(p.value) <= MOST_BYTES + 1000 for p in packed)
    assert [e.id for p in packed for e in unpack(p.value).events] == [str(n) for n in range(10)]


def test_the_place_of_a_subject_never_changes():
    # Stored records lie where these numbers say: another hash would split a subject over two partitions.
    assert [partition_of(tenant, subject, 12) for subject in ("acme", "globex", "ä")] == [3, 3, 8]
