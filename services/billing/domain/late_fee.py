"""When a late fee falls due for an invoice, and how high: by the policy of the day on which it was issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeePolicy:
    """`percent` of what is open `days` after the due day: 1.5 is 1.5 %, and zero is no fee."""

    percent: Decimal
    days: int


NO_LATE_FEE = LateFeePolicy(percent=Decimal(0), days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLateFee:
    invoice_id: UUID
    percent: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeScheduled:
    invoice_id: UUID
    percent: Decimal
    assessed_at: datetime


def decide(scheduled: LateFeeScheduled | None, command: ScheduleLateFee) -> list[LateFeeScheduled]:
    if scheduled is not None:
        return []
    return [LateFeeScheduled(invoice_id=command.invoice_id, percent=command.percent, assessed_at=command.at)]


def evolve(_: LateFeeScheduled | None, event: LateFeeScheduled) -> LateFeeScheduled:
    return event


LATE_FEE: Decider[LateFeeScheduled | None, ScheduleLateFee, LateFeeScheduled] = Decider(
    "late_fee", None, decide, evolve, {"late_fee_scheduled": LateFeeScheduled}
)
