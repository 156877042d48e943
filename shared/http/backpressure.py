"""No commands while the outbox is over its quota: what happens has to be told, and the disk has an end."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Engine

from shared.http.problems import RETRY_SOON, Problem
from shared.settling import NOBODY
from shared.tenancy import transaction

SECONDS_BETWEEN_LOOKS = 1.0


class OutboxFull(Problem):
    def __init__(self) -> None:
        detail = "too much of what has happened could not be told to the other services yet: try again"
        super().__init__(503, "outbox_full", detail, RETRY_SOON)


@dataclass(slots=True)
class Backpressure:
    """The API may not look into the outbox; the worker says with its heartbeat whether it is full."""

    engine: Engine
    looked_at: float = 0.0
    is_full: bool = False

    def check(self) -> None:
        """Looks now and then. Raises OutboxFull."""
        if time.monotonic() - self.looked_at > SECONDS_BETWEEN_LOOKS:
            self.looked_at = time.monotonic()
            with transaction(self.engine, NOBODY) as tx:
                row = tx.exec_driver_sql("SELECT answer FROM worker_status").first()
            self.is_full = bool(row and row.answer.get("outbox_is_full"))
        if self.is_full:
            raise OutboxFull
