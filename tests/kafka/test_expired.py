"""What a topic's retention took away is not waited for: neither by a test clock, nor by closing, nor by an alarm."""

from __future__ import annotations

from kafka import KafkaAdminClient, TopicPartition

from shared import kafka
from shared.backlog import lag
from shared.kafka import Publisher
from shared.log_ends import end_offsets
from tests.support.tower.house import Tower


def expire(tower: Tower, partition: int, before: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=tower.servers.bootstrap_servers)
    admin.delete_records({TopicPartition(tower.topic, partition): before})
    admin.close()


def test_only_what_is_still_there_is_waited_for(tower: Tower) -> None:
    settings = tower.settings("worker")
    publisher = Publisher(settings)
    publisher.send_to(tower.topic, [(0, b"1"), (0, b"2"), (1, b"1"), (1, b"2")])
    publisher.close()
    expire(tower, partition=0, before=2)
    expire(tower, partition=1, before=1)
    client = kafka.consumer(settings, None)
    ends = end_offsets(client, [tower.topic])
    client.close()
    assert ends == {(tower.topic, partition): 2 if partition == 1 else 0 for partition in range(4)}
    with tower.worker.connect() as tx:
        assert lag(tx, kafka.cluster_id(settings), ends) == {tower.topic: 2}
