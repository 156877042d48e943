"""The ingest log's records: what one request brings for one partition, packed together, cut below Kafka's limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zlib import crc32

import msgspec

from services.usage.domain.cloud_event import Arrivals, CloudEvent, Rejected

# Kafka takes records up to 1 MiB by default.
MOST_BYTES = 900_000

_ENCODER = msgspec.json.Encoder()
_NONE = msgspec.Raw(b"[]")


class _Record(msgspec.Struct, kw_only=True):
    """JSON, so that an event's data stays byte for byte what the client sent and an operator can read the log."""

    format: Literal[1] = 1
    tenant_id: UUID
    batch_id: UUID
    received_at: datetime
    events: msgspec.Raw
    rejected: msgspec.Raw


class _Unpacked(Arrivals, frozen=True, kw_only=True):
    format: Literal[1]


_DECODER = msgspec.json.Decoder(_Unpacked)


@dataclass(frozen=True, slots=True)
class Packed:
    partition: int
    value: bytes


def partition_of(tenant_id: UUID, subject: str, partitions: int) -> int:
    """Where all events of a subject go, for as long as the topic has this many partitions. Stable: CRC-32."""
    return crc32(subject.encode(), crc32(tenant_id.bytes)) % partitions


def pack(arrivals: Arrivals, partitions: int) -> list[Packed]:
    """One record per partition that has an event, or several where one would be over 900,000 bytes.

    Rejected events, which may have no subject, go where the empty subject goes.
    """
    packed = [
        Packed(partition, _encode(arrivals, rows, _NONE))
        for partition, events in _by_partition(arrivals, partitions).items()
        for rows in _pieces(events)
    ]
    return packed + [
        Packed(partition_of(arrivals.tenant_id, "", partitions), _encode(arrivals, _NONE, rows))
        for rows in _pieces(arrivals.rejected)
    ]


def unpack(value: bytes) -> Arrivals:
    """Raises msgspec.DecodeError for what `pack` did not make."""
    return _DECODER.decode(value)


def _by_partition(arrivals: Arrivals, partitions: int) -> dict[int, list[CloudEvent]]:
    by_subject: dict[str, list[CloudEvent]] = defaultdict(list)
    for event in arrivals.events:
        by_subject[event.subject].append(event)
    by_partition: dict[int, list[CloudEvent]] = defaultdict(list)
    for subject, events in by_subject.items():
        by_partition[partition_of(arrivals.tenant_id, subject, partitions)] += events
    return by_partition


def _pieces(rows: list[CloudEvent] | list[Rejected]) -> Iterator[msgspec.Raw]:
    """The rows as JSON arrays that fit into a record: nearly always one, which is tried first."""
    if rows:
        whole = _ENCODER.encode(rows)
        yield from [msgspec.Raw(whole)] if len(whole) <= MOST_BYTES else _cut(rows)


def _cut(rows: Iterable[CloudEvent] | Iterable[Rejected]) -> Iterator[msgspec.Raw]:
    piece: list[msgspec.Raw] = []
    size = 0
    for row in rows:
        encoded = _ENCODER.encode(row)
        if piece and size + len(encoded) > MOST_BYTES:
            yield msgspec.Raw(_ENCODER.encode(piece))
            piece, size = [], 0
        piece.append(msgspec.Raw(encoded))
        size += len(encoded) + 1
    yield msgspec.Raw(_ENCODER.encode(piece))


def _encode(arrivals: Arrivals, events: msgspec.Raw, rejected: msgspec.Raw) -> bytes:
    return _ENCODER.encode(
        _Record(
            tenant_id=arrivals.tenant_id,
            batch_id=arrivals.batch_id,
            received_at=arrivals.received_at,
            events=events,
            rejected=rejected,
        )
    )
