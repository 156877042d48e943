"""Envelopes: stable ids, room for fields to come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import msgspec
import pytest

from shared.messages import Contract, Message, body, context_of, decode, encode, message_id

TENANT, STREAM = UUID(int=1), UUID(int=2)


class BellRungV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "tower.bell_rung.v1"
    times: int


MESSAGE = Message(
    id=message_id("tower", TENANT, "bell", STREAM, 3),
    source="/tower/bell",
    type=BellRungV1.TYPE,
    subject=STREAM,
    time=datetime(2030, 1, 1, tzinfo=UTC),
    tenantid=TENANT,
    sequence=3,
    correlationid="walk",
    data=body(BellRungV1(times=12)),
)


def test_the_same_event_has_the_same_message_id_for_ever() -> None:
    assert MESSAGE.id == UUID("252eaf71-618a-5b0e-843b-5c9184c9578c")


def test_every_part_of_the_place_of_an_event_is_in_its_id() -> None:
    others = [
        message_id("town", TENANT, "bell", STREAM, 3),
        message_id("tower", STREAM, "bell", STREAM, 3),
        message_id("tower", TENANT, "clock", STREAM, 3),
        message_id("tower", TENANT, "bell", TENANT, 3),
        message_id("tower", TENANT, "bell", STREAM, 4),
    ]
    assert len({MESSAGE.id, *others}) == 6


def test_a_message_comes_back_as_it_was() -> None:
    again = decode(encode(MESSAGE))
    assert (again, again.read(BellRungV1)) == (MESSAGE, BellRungV1(times=12))


def test_a_message_with_unknown_fields_is_accepted() -> None:
    told = msgspec.json.decode(encode(MESSAGE)) | {"traceparent": "00-1-1-00"}
    told["data"] |= {"weather": "fair"}
    assert decode(msgspec.json.encode(told)).read(BellRungV1) == BellRungV1(times=12)


@pytest.mark.parametrize("value", [b"", b"null", b"{}", b"\xff", encode(MESSAGE).encode()[:-1]])
def test_what_is_no_message_says_so(value: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode(value)


def test_a_consumer_remembers_who_began_it_and_what_caused_it() -> None:
    expected = {"principal": "town", "correlation_id": "walk", "causation_id": str(MESSAGE.id)}
    assert context_of(MESSAGE, "town") == expected
