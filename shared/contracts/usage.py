"""What usage tells the others. Fields are only ever added, as optional.

Quantities are exact decimals, as text in JSON.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.messages import Contract


class MeterDefinedV1(Contract, frozen=True, kw_only=True):
    """Also sent for a new version of the meter."""

    TYPE: ClassVar[str] = "usage.meter_defined.v1"
    meter_id: UUID
    slug: str
    version: int
    aggregation: str
    unit: str
    groups: list[str]


class GroupTotal(msgspec.Struct, frozen=True, kw_only=True):
    """`group` is empty where the period has no groups. `digest` proves the set of event ids, in any order."""

    group: str
    quantity: Decimal
    count: int
    digest: str


class PeriodMessage(Contract, frozen=True, kw_only=True):
    period_id: UUID
    subscription_id: UUID
    charge: str
    meter: str
    meter_version: int
    totals: list[GroupTotal]


class UsagePeriodPartV1(PeriodMessage, frozen=True, kw_only=True):
    """`part` of `parts`, from 1, of what the next `of` (advanced, closed, revised) of the same period says: some of its
    totals, or of its event ids. That one is the last part, and has the rest of them."""

    TYPE: ClassVar[str] = "usage.period_part.v1"
    of: str
    part: int
    parts: int
    event_ids: list[str]


class UsagePeriodAdvancedV1(PeriodMessage, frozen=True, kw_only=True):
    """The last of `parts`, as are the closing and the revision: what has room in one message is the only one."""

    TYPE: ClassVar[str] = "usage.period_advanced.v1"
    parts: int = 1


class UsagePeriodClosedV1(PeriodMessage, frozen=True, kw_only=True):
    """`learned_at` bounds what was known when it closed."""

    TYPE: ClassVar[str] = "usage.period_closed.v1"
    starts_at: datetime
    ends_at: datetime
    learned_at: datetime
    parts: int = 1


class UsagePeriodRevisedV1(PeriodMessage, frozen=True, kw_only=True):
    """`totals` are those after the revision. `before` is empty where it is told in parts."""

    TYPE: ClassVar[str] = "usage.period_revised.v1"
    revision: int
    before: list[GroupTotal]
    cause: str
    event_ids: list[str]
    parts: int = 1


class UsageThresholdCrossedV1(Contract, frozen=True, kw_only=True):
    """`quantity`, the sum over the period's groups, reached `percent` of `of` (`direction` up), or is below it again
    (down). Once each, in turn: the first of a threshold is up."""

    TYPE: ClassVar[str] = "usage.threshold_crossed.v1"
    period_id: UUID
    subscription_id: UUID
    customer_id: UUID
    subjects: list[str]
    charge: str
    meter: str
    starts_at: datetime
    ends_at: datetime
    of: Decimal
    percent: Decimal
    direction: str
    quantity: Decimal
