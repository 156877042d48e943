"""Figures of a service that have to agree, counted again by and by: what disagrees is an incident, not a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from shared.logs import logger
from shared.metrics import DISAGREEMENTS

# How many rows, of whatever is checked, do not agree.
Check = Callable[[Connection], int]
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Books:
    """`checks` by the name that the metric shows. A check may write what it needs: all is rolled back."""

    engine: Engine
    service: str
    checks: Mapping[str, Check]

    def step(self) -> int:
        for name, disagreements in self.count().items():
            DISAGREEMENTS.labels(self.service, name).set(disagreements)
            if disagreements:
                logger().error("figures that have to agree do not", check=name, disagreements=disagreements)
        return 0

    def count(self) -> dict[str, int]:
        return {name: self._count(check) for name, check in self.checks.items()}

    def _count(self, check: Check) -> int:
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as tx:
            tx.exec_driver_sql("SET LOCAL statement_timeout = '10min'")
            return check(tx)
