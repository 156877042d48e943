"""What is published is queued with its event, and leaves the queue only when the broker has it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.database import engine_for
from shared.kafka import BrokerAway, Publisher
from shared.messages import Message, decode, message_id
from shared.outbox import Relay
from shared.republish import republish
from tests.support.tower.bell import BELL, BellRungV1, Crack, Ring
from tests.support.tower.house import Tower

YEAR = timedelta(days=365)


@dataclass
class Topic:
    """A broker that remembers; it dies after so many records when it is told to."""

    messages: list[Message] = field(default_factory=list)
    dies_after: int | None = None

    def send(self, records: Iterable[tuple[str, bytes, bytes]]) -> None:
        for count, (_, key, value) in enumerate(records):
            if count == self.dies_after:
                raise BrokerAway("gone")
            message = decode(value)
            assert key.decode() == str(message.subject)
            self.messages.append(message)

    def sequences(self) -> dict[UUID, list[int]]:
        streams: dict[UUID, list[int]] = defaultdict(list)
        for message in self.messages:
            streams[message.subject].append(message.sequence)
        return dict(streams)


def test_a_published_event_becomes_one_message_that_says_all(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    topic, at = Topic(), datetime(2030, 1, 1, tzinfo=UTC)
    context = {"principal": "ann", "correlation_id": "walk", "causation_id": "nap"}
    own_tower.do(BELL, tenant, bell, Crack(), context=context)
    own_tower.do(BELL, tenant, uuid4(), Crack())
    silent, rung = own_tower.outbox.topics, uuid4()
    assert silent == {"bell": own_tower.topic}
    own_tower.do(BELL, tenant, rung, Ring(times=3), occurred_at=at, context=context)
    assert relay(own_tower, topic).step() == 1
    message = topic.messages[0]
    assert message.id == message_id("tower", tenant, "bell", rung, 1)
    assert (message.source, message.type, message.time) == ("/tower/bell", BellRungV1.TYPE, at)
    assert (message.correlationid, message.causationid, message.tenantid) == ("walk", "nap", tenant)
    assert message.read(BellRungV1) == BellRungV1(times=3)
    assert own_tower.rows("SELECT 1 FROM outbox") == []


def test_what_was_sent_but_not_forgotten_is_sent_again(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    own_tower.do(BELL, tenant, bell, *[Ring()] * 5)
    topic = Topic(dies_after=3)
    with pytest.raises(BrokerAway):
        relay(own_tower, topic).step()
    topic.dies_after = None
    relay(own_tower, topic).step()
    assert topic.sequences() == {bell: [1, 2, 3, 1, 2, 3, 4, 5]}
    assert len({message.id for message in topic.messages}) == 5


def test_two_relays_keep_the_order_of_each_stream(own_tower: Tower, tenant: UUID) -> None:
    bells, topic = [uuid4() for _ in range(8)], Topic()
    done = threading.Event()

    def ring(bell: UUID) -> None:
        for _ in range(25):
            own_tower.do(BELL, tenant, bell, Ring())

    def send() -> None:
        mine, all_rung = relay(own_tower, topic, size=7), False
        while mine.step() or not all_rung:
            all_rung = done.is_set()

    with ThreadPoolExecutor(6) as threads:
        relays = [threads.submit(send) for _ in range(2)]
        for ringing in [threads.submit(ring, bell) for bell in bells]:
            ringing.result()
        done.set()
        for relaying in relays:
            relaying.result()
    assert topic.sequences() == {bell: list(range(1, 26)) for bell in bells}


def test_the_broker_gets_what_the_relay_sends(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    own_tower.do(BELL, tenant, bell, Ring(), Ring())
    publisher = Publisher(own_tower.settings("worker"))
    assert Relay(own_tower.worker, publisher.send, "tower").step() == 2
    publisher.close()
    assert own_tower.rows("SELECT 1 FROM outbox") == []


def test_a_message_that_no_topic_takes_holds_up_its_own_stream_alone(own_tower: Tower, tenant: UUID) -> None:
    large, small = uuid4(), uuid4()
    own_tower.do(BELL, tenant, large, Ring())
    with engine_for(own_tower.urls.owner, pool_size=1).begin() as tx:
        tx.exec_driver_sql("UPDATE outbox SET message = message || repeat(' ', 600000) || repeat(' ', 600000)")
    own_tower.do(BELL, tenant, small, Ring())
    own_tower.do(BELL, tenant, large, Ring())
    publisher = Publisher(own_tower.settings("worker"))
    relay = Relay(own_tower.worker, publisher.send, "tower", size=2)
    assert [relay.step() for _ in range(2)] == [1, 0]
    own_tower.do(BELL, tenant, small, Ring())
    assert relay.step() == 1
    publisher.close()
    assert own_tower.rows("SELECT key FROM outbox") == [(str(large),), (str(large),)]


def test_republishing_gives_the_same_messages_again(own_tower: Tower, tenant: UUID) -> None:
    bells, first, again = [uuid4(), uuid4()], Topic(), Topic()
    for bell in bells:
        own_tower.do(BELL, tenant, bell, Ring(), Crack())
    relay(own_tower, first).step()
    assert republish(own_tower.worker, own_tower.store, own_tower.outbox) == 2
    relay(own_tower, again).step()
    assert again.messages == first.messages


def test_republishing_since_a_day_takes_whole_streams_and_loses_no_other(own_tower: Tower, tenant: UUID) -> None:
    now = datetime.now(UTC)
    old, revived, topic = uuid4(), uuid4(), Topic()
    for bell in (old, revived):
        own_tower.do(BELL, tenant, bell, Ring(), recorded_at=now - YEAR)
    own_tower.do(BELL, tenant, revived, Ring(), recorded_at=now)
    republish(own_tower.worker, own_tower.store, own_tower.outbox, since=now - timedelta(days=1))
    relay(own_tower, topic).step()
    assert topic.sequences() == {old: [1], revived: [1, 2]}


def relay(tower: Tower, topic: Topic, size: int = 1000) -> Relay:
    return Relay(tower.worker, topic.send, "tower", size)
