"""How far the partitions of topics reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import stamina
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from shared.settings import Settings

Ends = dict[tuple[str, int], int]
Offsets = dict[TopicPartition, int]
PATIENCE_SECONDS = 2.0


def end_offsets(client: KafkaConsumer, topics: Sequence[str], *, patience: float = PATIENCE_SECONDS) -> Ends:
    """0 where a partition holds no message: what a topic's retention took away is not to be waited for.

    The local broker answers with the place behind the first message of its last batch, whatever else is in the batch:
    enough to see that a whole batch is missing, and too little to count with.
    """
    return {(p.topic, p.partition): end for p, end in _listed(client, topics, patience).items()}


def exact_end_offsets(client: KafkaConsumer, settings: Settings, topics: Sequence[str]) -> Ends:
    """The same to the message, from a client in no group, whose assignment and positions it takes for itself."""
    listed = _listed(client, topics, PATIENCE_SECONDS)
    if settings.kafka_profile == "local":
        listed |= _fetched(client, {p: end for p, end in listed.items() if end})
    return {(p.topic, p.partition): end for p, end in listed.items()}


def _listed(client: KafkaConsumer, topics: Sequence[str], patience: float) -> Offsets:
    partitions = [TopicPartition(topic, n) for topic in topics for n in client.partitions_for_topic(topic) or ()]
    starts = _asked(client.beginning_offsets, partitions, patience)
    ends = _asked(client.end_offsets, partitions, patience)
    return {p: end if starts[p] < end else 0 for p, end in ends.items()}


def _asked(
    ask: Callable[[Sequence[TopicPartition]], Offsets], partitions: Sequence[TopicPartition], patience: float
) -> Offsets:
    """While the client does not know who leads a partition, it does not ask for it, and stumbles over the missing answer.
    Raises KafkaTimeoutError where that lasts."""
    try:
        for attempt in stamina.retry_context(on=KeyError, attempts=None, timeout=patience):
            with attempt:
                return ask(partitions)
    except KeyError as error:
        raise KafkaTimeoutError(f"no answer about the end of {error}") from error
    raise AssertionError("unreachable")


def _fetched(client: KafkaConsumer, listed: Mapping[TopicPartition, int]) -> Offsets:
    """With each partition's last batch comes how far it reaches. Raises KafkaTimeoutError."""
    client.unsubscribe()  # what it knew of the ends is forgotten
    client.assign(list(listed))
    for partition, end in listed.items():
        client.seek(partition, end - 1)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while unknown := [p for p in listed if client.highwater(p) is None]:
        if time.monotonic() > give_up_at:
            raise KafkaTimeoutError(f"no answer about the end of {unknown[0].topic}")
        client.poll(timeout_ms=20)
    return {p: max(end, client.highwater(p)) for p, end in listed.items()}
