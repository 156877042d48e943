"""Periods of outcomes: closed by ourselves when their time has come, and revised when news come late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.billing.domain.outcome import WonRenewal, digest
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.usage_period import (
    USAGE_PERIOD,
    RecordClosing,
    RecordRevision,
    UsagePeriod,
    UsagePeriodRevised,
    at_revision,
)
from shared.money import Money
from shared.orders import Order


def totals_of(period: UsagePeriod, won: Sequence[WonRenewal], currency: str) -> tuple[PeriodTotal, ...]:
    """The value in major units of the currency that was won in the period, of the customers that it names; nothing where
    nothing was. What was won in another currency is not converted."""
    counted = [renewal for renewal in won if counts(period, renewal, currency)]
    if not counted:
        return ()
    quantity: Decimal = Money.total((renewal.value for renewal in counted), currency).major
    ids = [renewal.opportunity_id for renewal in counted]
    return (PeriodTotal(group="", quantity=quantity, count=len(counted), digest=digest(ids)),)


def counts(period: UsagePeriod, renewal: WonRenewal, currency: str) -> bool:
    source, starts_at = period.outcome, period.starts_at
    return (
        source is not None
        and source.names(renewal.customer_key)
        and renewal.value.currency == currency
        and (starts_at is None or starts_at <= renewal.won_at)
        and renewal.won_at < period.ends_at
    )


def on_due(period: UsagePeriod, totals: tuple[PeriodTotal, ...], at: datetime) -> Iterator[Order]:
    """Once the time for late news is over."""
    if not period.closed and period.closes_at <= at:
        yield Order(USAGE_PERIOD, period.item.period_id, RecordClosing(totals=totals, learned_at=at))


def on_news(
    period: UsagePeriod, totals: tuple[PeriodTotal, ...], cause: str, opportunity_ids: Sequence[UUID]
) -> Iterator[Order]:
    """Of a period that is closed and comes to something else now."""
    if period.closed and totals != period.totals:
        ids = tuple(str(id_) for id_ in opportunity_ids)
        command = RecordRevision(revision=period.revision + 1, totals=totals, cause=cause, event_ids=ids)
        yield Order(USAGE_PERIOD, period.item.period_id, command)


def counted(events: Iterable[Any], revision: int, won: Iterable[WonRenewal], currency: str) -> list[WonRenewal]:
    """Which renewals made a period what it was at a revision; what later ones told was not known yet. `won` are all that
    were won in its time."""
    told = list(events)
    period = at_revision(told, revision)
    later = {
        id_
        for event in told
        if isinstance(event, UsagePeriodRevised) and event.revision > revision
        for id_ in event.event_ids
    }
    return [each for each in won if counts(period, each, currency) and str(each.opportunity_id) not in later]
