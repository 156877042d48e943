"""Is there anything left to do for a tenant? The API asks through `worker_status`, the worker answers there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine

from shared.bell import Bell, ring
from shared.statements import look
from shared.tenancy import transaction

# Heartbeats belong to no tenant; they are kept under this id.
NOBODY = UUID(int=0)
PATIENCE_SECONDS = 1.5
# While it is not settled, between two looks of the worker, and of the API at most.
LOOK_SECONDS = 0.02
ASKED = "settling_asked"

Offsets = Mapping[tuple[str, int], int]
Waiting = Callable[[Connection, UUID, datetime], int]
Answers = Callable[[Connection, UUID], dict[str, Any]]


def no_more_answers(tx: Connection, tenant_id: UUID) -> dict[str, Any]:
    return {}


@dataclass(slots=True)
class Question:
    """Number `asked` of a tenant, first seen at `since` (monotonic seconds), when the topics reached `end_offsets`."""

    asked: int
    since: float
    end_offsets: Offsets


@dataclass(slots=True)
class Settling:
    """Answers questions: settled once no timer is due, no message waits to be sent, `waiting` counts nothing (the
    service's own rule), and the consumers have passed the end offsets noted when the question was asked. `more_answers`
    are the service's own, given with each reply."""

    engine: Engine
    end_offsets: Callable[[], Offsets]
    cluster_id: Callable[[], str]
    waiting: Waiting
    real_now: Callable[[], datetime]
    heartbeat: Callable[[], dict[str, Any]]
    more_answers: Answers = no_more_answers
    questions: dict[UUID, Question] = field(default_factory=dict)
    last_beat: float = 0.0
    bell: Bell = field(init=False)

    def __post_init__(self) -> None:
        self.bell = Bell(self.engine, ASKED)

    def rest(self, seconds: float) -> None:
        """Until somebody asks; what was asked and is not settled yet is looked at again soon."""
        self.bell.wait(LOOK_SECONDS if self.questions else seconds)

    def close(self) -> None:
        self.bell.close()

    def step(self) -> int:
        self._beat()
        asked = look(self.engine, _OPEN, {"nobody": NOBODY})
        return sum(self._consider(tenant_id, number) for tenant_id, number in asked)

    def _consider(self, tenant_id: UUID, asked: int) -> bool:
        """Whether there is news: a question that was not seen before, or an answer."""
        question = self.questions.get(tenant_id)
        is_new = question is None or question.asked != asked
        if question is None or is_new:
            question = self.questions[tenant_id] = Question(asked, time.monotonic(), self.end_offsets())
        with self.engine.begin() as tx:
            state = self._state(tx, tenant_id, question)
            late = time.monotonic() - question.since > PATIENCE_SECONDS
            if state["settled"] or late or (state["own_settled"] and question.asked % 2):
                self._reply(tx, tenant_id, asked, state)
                return True
        return is_new

    def _state(self, tx: Connection, tenant_id: UUID, question: Question) -> dict[str, Any]:
        left = tx.exec_driver_sql(_LEFT, {"tenant": tenant_id, "real_now": self.real_now()}).one()
        settled = not (left.timers or left.outbox or left.retries)
        settled = settled and not self.is_behind(tx, question.end_offsets)
        settled = settled and not self.waiting(tx, tenant_id, left.now)
        return {"settled": settled, "own_settled": not left.timers}

    def is_behind(self, tx: Connection, end_offsets: Offsets) -> bool:
        """Whether there was more in the topics than the consumers have stored to have taken."""
        rows = tx.exec_driver_sql(_STORED, {"cluster": self.cluster_id()})
        stored = {(row.topic, row.partition): row.next_offset for row in rows}
        return any(stored.get(partition, 0) < end for partition, end in end_offsets.items())

    def _reply(self, tx: Connection, tenant_id: UUID, asked: int, state: dict[str, Any]) -> None:
        counted = tx.exec_driver_sql(_COUNTERS, {"tenant": tenant_id}).one()
        counters = {"messages_applied": counted.applied, "messages_parked": counted.parked}
        answer = state | {"counters": counters} | self.more_answers(tx, tenant_id)
        values = {"tenant": tenant_id, "asked": asked, "answer": msgspec.json.encode(answer).decode()}
        tx.exec_driver_sql(_REPLY, values | {"at": self.real_now()})
        self.questions.pop(tenant_id, None)

    def _beat(self) -> None:
        if time.monotonic() - self.last_beat < 1:
            return
        self.last_beat = time.monotonic()
        with self.engine.begin() as tx:
            beat = msgspec.json.encode(self.heartbeat()).decode()
            tx.exec_driver_sql(_BEAT, {"tenant": NOBODY, "answer": beat, "at": self.real_now()})


def ask(engine: Engine, tenant_id: UUID, *, about_own_move: bool = False) -> dict[str, Any]:
    """The worker's answer, or an unsettled one where it does not come in time. Questions about everything have even
    numbers, those about the service's own move odd ones."""
    with transaction(engine, tenant_id) as tx:
        parity = {"tenant": tenant_id, "first": 1 if about_own_move else 2, "odd": int(about_own_move)}
        asked = tx.exec_driver_sql(_ASK, parity).scalar_one()
        ring(tx, ASKED)
    deadline, rest = time.monotonic() + PATIENCE_SECONDS + 0.5, LOOK_SECONDS / 8
    while time.monotonic() < deadline:
        time.sleep(rest)
        rest = min(2 * rest, LOOK_SECONDS)
        with transaction(engine, tenant_id) as tx:
            row = tx.exec_driver_sql(_ANSWERED, {"tenant": tenant_id, "asked": asked}).first()
        if row is not None:
            return dict(row.answer)
    return {"settled": False, "own_settled": False, "counters": {}}


_OPEN = "SELECT tenant_id, asked FROM worker_status WHERE asked > answered AND tenant_id <> %(nobody)s"

_LEFT = """
WITH clock AS MATERIALIZED (
  SELECT COALESCE((SELECT now FROM test_clocks WHERE tenant_id = %(tenant)s), %(real_now)s) AS now)
SELECT now,
       EXISTS (SELECT 1 FROM timers WHERE tenant_id = %(tenant)s AND fire_at <= clock.now) AS timers,
       EXISTS (SELECT 1 FROM outbox WHERE tenant_id = %(tenant)s) AS outbox,
       EXISTS (SELECT 1 FROM parked_messages p LEFT JOIN inbox i USING (tenant_id, source, stream_id)
               WHERE p.tenant_id = %(tenant)s AND p.decision IS NOT NULL
                 AND p.sequence <= COALESCE(i.sequence, 0) + 1) AS retries
FROM clock"""

_COUNTERS = """
SELECT (SELECT count(*) FROM parked_messages WHERE tenant_id = %(tenant)s) AS parked,
       (SELECT COALESCE(sum(sequence), 0)::bigint FROM inbox WHERE tenant_id = %(tenant)s) AS applied"""

_STORED = "SELECT topic, partition, next_offset FROM consumer_offsets WHERE cluster_id = %(cluster)s"

_REPLY = """
UPDATE worker_status SET answered = %(asked)s, answer = %(answer)s::jsonb, answered_at = %(at)s
WHERE tenant_id = %(tenant)s"""

_BEAT = """
INSERT INTO worker_status (tenant_id, asked, answered, answer, answered_at)
VALUES (%(tenant)s, 0, 0, %(answer)s::jsonb, %(at)s)
ON CONFLICT (tenant_id) DO UPDATE SET answer = excluded.answer, answered_at = excluded.answered_at"""

_ASK = """
INSERT INTO worker_status (tenant_id, asked, answered, answer) VALUES (%(tenant)s, %(first)s, 0, '{}')
ON CONFLICT (tenant_id) DO UPDATE
SET asked = worker_status.asked + 1 + (worker_status.asked + 1 + %(odd)s) %% 2
RETURNING asked"""

_ANSWERED = "SELECT answer FROM worker_status WHERE tenant_id = %(tenant)s AND answered >= %(asked)s"
