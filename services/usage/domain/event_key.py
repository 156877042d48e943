"""An event's identity as sixteen bytes, and the digest that proves which events a total was made of."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

KEYS = 1 << 128


def event_key(tenant_id: UUID, source: str, id_: str) -> bytes:
    """BLAKE2b with 16 bytes over the tenant's 16 bytes, the length of the source in UTF-8 as 4 bytes, source and id.

    The time is not in it: the same source and id are the same event whatever their time, batch or transport.
    """
    key = _of_source(tenant_id, source).copy()
    key.update(id_.encode())
    return key.digest()


@lru_cache(maxsize=10_000)
def _of_source(tenant_id: UUID, source: str) -> blake2b:
    """All but the id, hashed: a source sends many events."""
    name = source.encode()
    return blake2b(tenant_id.bytes + len(name).to_bytes(4, "big") + name, digest_size=16)


def as_number(key: bytes) -> int:
    return int.from_bytes(key, "big")


def digest_text(key_sum: int) -> str:
    """32 hexadecimal digits of the sum of the events' keys (as big-endian numbers) modulo 2^128.

    A sum is the same in any order, merges by adding and lets an event be taken out again by subtracting. It proves
    what was counted against loss and repetition, not against somebody who may choose the ids.
    """
    return format(key_sum % KEYS, "032x")


def digest_sum(digests: Iterable[str]) -> str:
    """The digest of all events of which these are the digests in parts."""
    return digest_text(sum(int(digest, 16) for digest in digests))
