"""Brings parked messages back: what waited for an earlier one, and what a person decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

from shared.inbox import WAITS, Inbox, mark
from shared.logs import logger
from shared.messages import decode
from shared.parked import forget, park, reason_of
from shared.timers import Timer, set_timers
from shared.unit_of_work import TRANSIENT

_TIMER = "timer"


def park_timer(real_now: Callable[[], datetime]) -> Callable[[Connection, Timer, Exception], None]:
    """How a timer whose handler refused is put aside for a person; a replay sets it again."""

    def keep(tx: Connection, timer: Timer, error: Exception) -> None:
        values = {
            "tenant_id": timer.tenant_id,
            "id": timer.id,
            "stream_id": timer.subject,
            "type": f"{_TIMER}.{timer.name}",
            "message": msgspec.json.encode(timer).decode(),
            "reason": reason_of(error),
            "parked_at": real_now(),
        }
        tx.exec_driver_sql(_PARK_TIMER, values)

    return keep


@dataclass(frozen=True, slots=True)
class Parking:
    """One decided message a step: effect, mark and removal in one transaction. What may go well another time holds up
    nobody else: it is tried again after a pause, which grows as it goes on, up to a minute."""

    engine: Engine
    inbox: Inbox
    real_now: Callable[[], datetime]

    def step(self) -> int:
        with self.engine.begin() as tx:
            row = tx.exec_driver_sql(_NEXT, {"now": self.real_now()}).first()
            if row is None:
                return 0
            try:
                with tx.begin_nested():
                    self._settle(tx, row)
            except TRANSIENT as error:
                self._pause(tx, row, error)
            except Exception as error:
                self._park_again(tx, row, error)
        return 1

    def _settle(self, tx: Connection, row: Any) -> None:
        if row.source == _TIMER:
            self._settle_timer(tx, row)
        elif row.sequence > row.applied:  # it may have come again meanwhile, and gone well
            message = decode(row.message)
            if row.decision != "discard":
                self.inbox.perform(tx, [message])
                self.inbox.count([message])
            mark(tx, [message])
        forget(tx, row.tenant_id, row.id)

    def _settle_timer(self, tx: Connection, row: Any) -> None:
        if row.decision != "discard":
            set_timers(tx, [msgspec.json.decode(row.message, type=Timer)])

    def _pause(self, tx: Connection, row: Any, error: Exception) -> None:
        logger().warning("a parked message is tried again later", id=str(row.id), reason=str(error))
        values = {"tenant": row.tenant_id, "id": row.id, "now": self.real_now()}
        tx.exec_driver_sql(_PAUSE, values)

    def _park_again(self, tx: Connection, row: Any, error: Exception) -> None:
        reason = reason_of(error)
        if row.source == _TIMER:
            tx.exec_driver_sql(_UNDECIDE, {"tenant": row.tenant_id, "id": row.id, "reason": reason})
        else:
            waits = isinstance(error, WAITS) and row.decision == "wait"
            park(tx, decode(row.message), reason, self.real_now(), waits=waits)


_NEXT = f"""
SELECT p.*, COALESCE(i.sequence, 0) AS applied FROM parked_messages p
LEFT JOIN inbox i USING (tenant_id, source, stream_id)
WHERE p.decision IS NOT NULL AND p.retry_at <= %(now)s AND (p.source = '{_TIMER}' OR p.sequence <= COALESCE(i.sequence, 0) + 1)
ORDER BY p.tenant_id, p.source, p.stream_id, p.sequence LIMIT 1 FOR UPDATE OF p SKIP LOCKED"""  # noqa: S608

_PARK_TIMER = f"""
INSERT INTO parked_messages (tenant_id, id, source, stream_id, sequence, type, message, reason, retry_at, parked_at)
VALUES (%(tenant_id)s, %(id)s, '{_TIMER}', %(stream_id)s, 0, %(type)s, %(message)s, %(reason)s, %(parked_at)s,
  %(parked_at)s)
ON CONFLICT (tenant_id, id) DO UPDATE SET reason = excluded.reason, decision = NULL"""  # noqa: S608

_UNDECIDE = """
UPDATE parked_messages SET decision = NULL, reason = %(reason)s WHERE tenant_id = %(tenant)s AND id = %(id)s"""

# Half as long again as it has been here.
_PAUSE = """
UPDATE parked_messages
SET retry_at = %(now)s + LEAST(interval '1 minute', GREATEST(interval '100 milliseconds', (%(now)s - parked_at) / 2))
WHERE tenant_id = %(tenant)s AND id = %(id)s"""
