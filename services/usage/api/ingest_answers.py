"""What POST /v1/events answers: how many events were accepted, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Response
from pydantic import BaseModel

from services.usage.domain.cloud_event import EventError, Rejected
from shared.http.byte_response import ByteResponse
from shared.http.problems import RETRY_SOON, Problem, problem
from shared.ids import prefixed, shown

ANSWER_WITHIN_SECONDS = 4.3
MOST_ERRORS = 1000
_LENIENT = ((b"preference-applied", b"handling=lenient"),)
WHY_REFUSED = "nothing was accepted: correct the events, or accept the valid ones by Prefer: handling=lenient"


class ErrorOut(BaseModel):
    """`index` is the event's place in its batch, `pointer` the JSON pointer within the event."""

    index: int
    pointer: str
    code: str
    detail: str


class Accepted(BaseModel):
    """`rejected` events were kept with their reasons; only a lenient request has any. Requests that come at the same time
    may become one batch."""

    accepted: int
    rejected: int
    batch_id: Annotated[UUID, prefixed("bat")]
    errors: list[ErrorOut]


class BrokerDidNotAnswer(Problem):
    def __init__(self) -> None:
        super().__init__(503, "broker_away", "Kafka is away: try again", RETRY_SOON)


def is_lenient(headers: Mapping[str, str]) -> bool:
    return "handling=lenient" in headers.get("prefer", "").replace(" ", "").lower()


def accepted(events: int, batch_id: UUID, rejected: Sequence[Rejected] = (), *, lenient: bool) -> Response:
    answer = {
        "accepted": events,
        "rejected": len(rejected),
        "batch_id": shown("bat", batch_id),
        "errors": _shown([error for each in rejected for error in each.errors]),
    }
    return ByteResponse(msgspec.json.encode(answer), 202, _LENIENT if lenient else ())


def refused(errors: Sequence[EventError]) -> Response:
    return problem(422, "invalid_events", WHY_REFUSED, errors=_shown(errors))


def _shown(errors: Sequence[EventError]) -> list[dict[str, Any]]:
    return [{"index": e.index, "pointer": e.pointer, "code": e.code, "detail": e.message} for e in errors[:MOST_ERRORS]]
