"""Messages of bells as a listener gets them, with the numbers one likes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.inbox import Handlers, Inbox
from shared.messages import Message, body, message_id
from shared.orders import Order
from tests.support.tower.bell import BellRungV1
from tests.support.tower.echo import ECHO, Hear
from tests.support.tower.house import Tower

AT = datetime(2030, 1, 1, tzinfo=UTC)
POISON = 13


class Poisoned(Exception):
    """A bug of the listener."""


def letter(tenant: UUID, bell: UUID, sequence: int, times: int | None = None, **more: Any) -> Message:
    """It says `times`, by default its own number."""
    stated: dict[str, Any] = {
        "id": message_id("tower", tenant, "bell", bell, sequence),
        "source": "/tower/bell",
        "type": BellRungV1.TYPE,
        "subject": bell,
        "time": AT,
        "tenantid": tenant,
        "sequence": sequence,
        "correlationid": "walk",
        "data": body(BellRungV1(times=sequence if times is None else times)),
    }
    return Message(**(stated | more))


def hear(message: Message) -> Iterator[Order]:
    times = message.read(BellRungV1).times
    if times == POISON:
        raise Poisoned("thirteen")
    yield Order(ECHO, message.subject, Hear(times=times))


def inbox(tower: Tower, handlers: Handlers | None = None) -> Inbox:
    return Inbox(tower.worker, tower.store, handlers or {BellRungV1.TYPE: hear}, "echo", lambda: datetime.now(UTC))


def heard(tower: Tower, tenant: UUID, bell: UUID) -> tuple[int, ...]:
    state: tuple[int, ...] = tower.state(ECHO, tenant, bell)
    return state
