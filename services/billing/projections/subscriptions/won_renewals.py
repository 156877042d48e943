"""Renewals that were won, and the periods in which their value is charged for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.outcome import OutcomeSource, WonRenewal, WonRenewalNoted
from services.billing.domain.usage_period import UsagePeriod, UsagePeriodOpened, UsagePeriodShortened
from services.billing.tables import outcome_periods, won_renewals
from shared.event_store import Recorded
from shared.money import Money
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_note = insert(won_renewals).on_conflict_do_nothing()
_open = insert(outcome_periods).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case WonRenewalNoted(renewal=renewal):
                write(tx, _note, _row(entry, renewal))
            case UsagePeriodOpened(outcome=OutcomeSource()):
                write(tx, _open, _period(entry, entry.event))
            case UsagePeriodShortened(outcome=OutcomeSource(), ends_at=ends_at):
                mine = (outcome_periods.c.tenant_id == entry.tenant_id, outcome_periods.c.period_id == entry.stream_id)
                tx.execute(update(outcome_periods).where(*mine).values(ends_at=ends_at))


def _row(entry: Recorded, renewal: WonRenewal) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "opportunity_id": renewal.opportunity_id,
        "subscription_id": renewal.subscription_id,
        "customer_key": renewal.customer_key,
        "term_number": renewal.term_number,
        "currency": renewal.value.currency,
        "value_minor": renewal.value.minor,
        "won_at": renewal.won_at,
    }


def _period(entry: Recorded, event: UsagePeriodOpened) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "period_id": event.item.period_id,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
    }


def within(unit: UnitOfWork, period: UsagePeriod) -> list[WonRenewal]:
    """All that were won in its time, of whichever customer, in whichever currency, the first one first."""
    mine = select(won_renewals).where(
        won_renewals.c.tenant_id == unit.tenant_id, won_renewals.c.won_at < period.ends_at
    )
    if period.starts_at is not None:
        mine = mine.where(won_renewals.c.won_at >= period.starts_at)
    rows = unit.tx.execute(mine.order_by(won_renewals.c.won_at, won_renewals.c.opportunity_id)).mappings()
    return [_renewal(dict(row)) for row in rows]


def _renewal(row: dict[str, Any]) -> WonRenewal:
    return WonRenewal(
        opportunity_id=row["opportunity_id"],
        subscription_id=row["subscription_id"],
        customer_key=row["customer_key"],
        term_number=row["term_number"],
        value=Money(row["value_minor"], row["currency"]),
        won_at=row["won_at"],
    )


def periods_at(unit: UnitOfWork, instant: datetime) -> list[UUID]:
    """Those in which an outcome of this instant is charged for, whoever is named."""
    mine = select(outcome_periods.c.period_id).where(
        outcome_periods.c.tenant_id == unit.tenant_id,
        outcome_periods.c.starts_at <= instant,
        outcome_periods.c.ends_at > instant,
    )
    return list(unit.tx.execute(mine.order_by(outcome_periods.c.period_id)).scalars())
