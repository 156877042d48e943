"""A usage period as billing sees it: asked of usage, then closed with quantities, and perhaps revised later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.billing.domain.outcome import OutcomeSource
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.told_parts import ToldParts
from shared.decider import CorruptStream, Decider
from shared.errors import NotFound


class UsagePeriodNotFound(NotFound):
    pass


NOTHING_TOLD: ToldParts[PeriodTotal] = ToldParts()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriod:
    """With `outcome` billing counts itself what it is charged for, from `starts_at` up to `ends_at`. `so_far` are totals that
    invoices were made of before it was closed, in turn; `told` are the first parts of its closing, or of the next revision.
    Until it closes one that `is_estimated` has the last of `so_far` as its totals, and its number below 0 as its revision."""

    subscription_id: UUID
    item: UsageItem
    ends_at: datetime
    starts_at: datetime | None = None
    collect_seconds: int = 0
    outcome: OutcomeSource | None = None
    closed: bool = False
    revision: int = 0
    learned_at: datetime | None = None
    totals: tuple[PeriodTotal, ...] = ()
    so_far: tuple[tuple[PeriodTotal, ...], ...] = ()
    told: ToldParts[PeriodTotal] = NOTHING_TOLD
    is_estimated: bool = False

    @property
    def closes_at(self) -> datetime:
        return self.ends_at + timedelta(seconds=self.collect_seconds)

    def told_at(self, told: int) -> tuple[PeriodTotal, ...]:
        """The totals that an interim invoice was made of, counted from 1; 0 are those of the closing and its revisions."""
        return self.so_far[told - 1] if told else self.totals


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUsagePeriod:
    subscription_id: UUID
    customer_id: UUID
    subjects: tuple[str, ...]
    meter: str
    group_by: tuple[str, ...]
    item: UsageItem
    starts_at: datetime
    ends_at: datetime
    collect_seconds: int
    outcome: OutcomeSource | None = None
    is_progressive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenUsagePeriod:
    """Less is used than was asked for: it ends at an earlier instant, on the day before `ends_on`."""

    ends_on: date
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPart:
    """`part` of `parts` of a closing or a revision that takes several messages; the last one records it."""

    part: int
    parts: int
    totals: tuple[PeriodTotal, ...]
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordClosing:
    totals: tuple[PeriodTotal, ...]
    learned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRevision:
    revision: int
    totals: tuple[PeriodTotal, ...]
    cause: str
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUsedSoFar:
    """The totals that usage told last, to be billed before the closing; `told_at` is when. With `is_estimate` the bill of the
    period waits no longer."""

    totals: tuple[PeriodTotal, ...]
    told_at: datetime
    is_estimate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodOpened:
    subscription_id: UUID
    customer_id: UUID
    subjects: tuple[str, ...]
    meter: str
    group_by: tuple[str, ...]
    item: UsageItem
    starts_at: datetime
    ends_at: datetime
    collect_seconds: int
    outcome: OutcomeSource | None = None
    is_progressive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodShortened:
    subscription_id: UUID
    item: UsageItem
    ends_at: datetime
    collect_seconds: int = 0
    outcome: OutcomeSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodPartTold:
    part: int
    parts: int
    totals: tuple[PeriodTotal, ...]
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodClosed:
    subscription_id: UUID
    ends_on: date
    totals: tuple[PeriodTotal, ...]
    learned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodRevised:
    subscription_id: UUID
    revision: int
    before: tuple[PeriodTotal, ...]
    totals: tuple[PeriodTotal, ...]
    cause: str
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSoFarRecorded:
    totals: tuple[PeriodTotal, ...]
    told_at: datetime
    is_estimate: bool = False


UsagePeriodCommand = (
    OpenUsagePeriod | ShortenUsagePeriod | RecordUsedSoFar | RecordPart | RecordClosing | RecordRevision
)
UsagePeriodEvent = (
    UsagePeriodOpened
    | UsagePeriodShortened
    | UsedSoFarRecorded
    | UsagePeriodPartTold
    | UsagePeriodClosed
    | UsagePeriodRevised
)


def decide(period: UsagePeriod | None, command: UsagePeriodCommand) -> list[UsagePeriodEvent]:
    match period, command:
        case None, OpenUsagePeriod():
            return [_opened(command)]
        case UsagePeriod(), OpenUsagePeriod():
            return []
        case None, _:
            raise UsagePeriodNotFound("billing never asked for this usage period")
        case UsagePeriod(), ShortenUsagePeriod(ends_at=ends_at) if ends_at < period.ends_at:
            return [_shortened(period, command)]
        case UsagePeriod(closed=False), RecordUsedSoFar(totals=totals, told_at=told_at):
            return [UsedSoFarRecorded(totals=totals, told_at=told_at, is_estimate=command.is_estimate)]
        case UsagePeriod(), RecordPart():
            return _part_told(period, command)
        case UsagePeriod(closed=False, subscription_id=subscription_id), RecordClosing(totals=totals, learned_at=at):
            ends_on = period.item.ends_on
            return [UsagePeriodClosed(subscription_id=subscription_id, ends_on=ends_on, totals=totals, learned_at=at)]
        case UsagePeriod(), RecordRevision(revision=revision) if revision > period.revision:
            return [_revised(period, command)]
        case _:
            return []  # closed or revised already


def _opened(command: OpenUsagePeriod) -> UsagePeriodOpened:
    return UsagePeriodOpened(**{field.name: getattr(command, field.name) for field in fields(command)})


def _shortened(period: UsagePeriod, command: ShortenUsagePeriod) -> UsagePeriodShortened:
    return UsagePeriodShortened(
        subscription_id=period.subscription_id,
        item=replace(period.item, ends_on=command.ends_on),
        ends_at=command.ends_at,
        collect_seconds=period.collect_seconds,
        outcome=period.outcome,
    )


def _part_told(period: UsagePeriod, command: RecordPart) -> list[UsagePeriodEvent]:
    part, parts = command.part, command.parts
    if period.told.has(part, parts):
        return []
    period.told.plus(part, parts, command.totals)  # or it is refused
    return [UsagePeriodPartTold(part=part, parts=parts, totals=command.totals, event_ids=command.event_ids)]


def _revised(period: UsagePeriod, command: RecordRevision) -> UsagePeriodRevised:
    return UsagePeriodRevised(
        subscription_id=period.subscription_id,
        revision=command.revision,
        before=period.totals,
        totals=command.totals,
        cause=command.cause,
        event_ids=command.event_ids,
    )


def evolve(period: UsagePeriod | None, event: UsagePeriodEvent) -> UsagePeriod:
    match period, event:
        case None, UsagePeriodOpened():
            same = ("subscription_id", "item", "starts_at", "ends_at", "collect_seconds", "outcome")
            return UsagePeriod(**{name: getattr(event, name) for name in same})
        case UsagePeriod(), UsagePeriodShortened(item=item, ends_at=ends_at):
            return replace(period, item=item, ends_at=ends_at)
        case UsagePeriod(), UsedSoFarRecorded():
            return _used_so_far(period, event)
        case UsagePeriod(told=told), UsagePeriodPartTold():
            return replace(period, told=told.plus(event.part, event.parts, event.totals, event.event_ids))
        case UsagePeriod(), UsagePeriodClosed(totals=totals, learned_at=learned_at):
            closed = replace(period, closed=True, is_estimated=False, revision=0, learned_at=learned_at)
            return replace(closed, totals=totals, told=NOTHING_TOLD)
        case UsagePeriod(), UsagePeriodRevised(totals=totals, revision=revision):
            return replace(period, totals=totals, revision=revision, told=NOTHING_TOLD)
        case _:
            raise CorruptStream(period, event)


def _used_so_far(period: UsagePeriod, event: UsedSoFarRecorded) -> UsagePeriod:
    so_far = (*period.so_far, event.totals)
    if not event.is_estimate:
        return replace(period, so_far=so_far)
    return replace(period, so_far=so_far, is_estimated=True, totals=event.totals, revision=-len(so_far))


def at_revision(events: Iterable[UsagePeriodEvent], revision: int) -> UsagePeriod:
    """The period as it was told at a revision, from all its events; 0 is the closing, and below it are estimates."""
    period: UsagePeriod | None = None
    for event in events:
        if period is not None and (period.closed or period.is_estimated) and period.revision == revision:
            break
        period = evolve(period, event)
    if period is None:
        raise UsagePeriodNotFound("billing never asked for this usage period")
    return period


USAGE_PERIOD: Decider[UsagePeriod | None, UsagePeriodCommand, UsagePeriodEvent] = Decider(
    "usage_period",
    None,
    decide,
    evolve,
    {
        "usage_period_opened": UsagePeriodOpened,
        "usage_period_shortened": UsagePeriodShortened,
        "used_so_far_recorded": UsedSoFarRecorded,
        "usage_period_part_told": UsagePeriodPartTold,
        "usage_period_closed": UsagePeriodClosed,
        "usage_period_revised": UsagePeriodRevised,
    },
)
