"""The broker as the runner starts it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from infra.local.broker import Broker, cluster_id
from infra.local.topics import WrongPartitions, create_topics, partition_counts, read_topics


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "kafka.log")
    broker.start()
    yield broker
    broker.stop()


def test_every_listed_topic_is_there_with_its_partitions(broker: Broker) -> None:
    create_topics(broker.bootstrap_servers, read_topics())
    assert partition_counts(broker.bootstrap_servers) == {topic.name: topic.partitions for topic in read_topics()}


def test_topics_can_be_created_twice(broker: Broker) -> None:
    create_topics(broker.bootstrap_servers, read_topics())
    create_topics(broker.bootstrap_servers, read_topics())


def test_a_topic_with_another_number_of_partitions_is_refused(broker: Broker) -> None:
    topic = read_topics()[0]
    create_topics(broker.bootstrap_servers, [topic])
    with pytest.raises(WrongPartitions):
        create_topics(broker.bootstrap_servers, [replace(topic, partitions=8)])


def test_a_message_travels(broker: Broker) -> None:
    create_topics(broker.bootstrap_servers, read_topics())
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all", max_block_ms=5000)
    sent = producer.send("billing.invoices", b"a message", key=b"a stream").get(5)
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("billing.invoices", sent.partition)])
    [[received]] = consumer.poll(timeout_ms=5000).values()
    assert (received.key, received.value) == (b"a stream", b"a message")
    consumer.close()
    producer.close()


def test_a_broker_that_comes_back_is_recognised_as_another(broker: Broker) -> None:
    before = cluster_id(broker.bootstrap_servers)
    broker.stop()
    assert cluster_id(broker.bootstrap_servers) is None
    broker.start()
    assert cluster_id(broker.bootstrap_servers) not in {before, None}


def test_every_topic_is_named_after_the_service_that_owns_it() -> None:
    assert all(topic.name.split(".")[0] == topic.owner for topic in read_topics())
