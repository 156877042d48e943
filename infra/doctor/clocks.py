"""Do the clocks agree? Due dates are read from one, tokens from another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from infra.doctor.findings import Finding, graded
from infra.doctor.installation import Service

WARN_SECONDS, FAIL_SECONDS = 2.0, 30.0  # a token is believed 30 s before and after its time


def drift(service: Service) -> Iterator[Finding]:
    with service.connected("worker") as tx:
        tx.exec_driver_sql("SELECT 1")
        before = datetime.now(UTC)
        there: datetime = tx.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        after = datetime.now(UTC)
    yield judge(service.name, before, there, after)


def judge(subject: str, before: datetime, there: datetime, after: datetime) -> Finding:
    """The server's clock is between the two of ours, or off by what is missing."""
    seconds = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    remedy = "let chrony or ntpd set the clock of both machines"
    return graded("clock", subject, seconds, WARN_SECONDS, FAIL_SECONDS, f"{seconds:.1f} s apart from here", remedy)
