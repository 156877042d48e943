"""Renewal opportunities as they stand, by id, customer, subscription, state and due day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, RowMapping, Select, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.domain.opportunity.state import OpportunityNotFound
from services.renewals.domain.opportunity.term import ExpiringTerm
from services.renewals.projections.opportunity_view import OpportunityView, fold
from services.renewals.tables import opportunities
from shared.event_store import Recorded, StreamKey, by_stream
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_COLUMNS = (
    "subscription_id",
    "customer_key",
    "state",
    "due_on",
    "base_minor",
    "currency",
    "successor_subscription_id",
    "version",
    "opportunity",
)
_upsert = insert(opportunities)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "opportunity_id"], set_={name: _upsert.excluded[name] for name in _COLUMNS}
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    streams = by_stream(entry for entry in recorded if entry.key.category == OPPORTUNITY.category)
    if streams:
        before = _views(tx, list(streams))
        write(tx, _upsert, *[_row(key, fold(_view(before, key), entries)) for key, entries in streams.items()])


def _views(tx: Connection, keys: Sequence[StreamKey]) -> Mapping[tuple[UUID, UUID], OpportunityView]:
    ids = [(key.tenant_id, key.stream_id) for key in keys]
    rows = tx.execute(
        select(opportunities).where(tuple_(opportunities.c.tenant_id, opportunities.c.opportunity_id).in_(ids))
    )
    return {(row.tenant_id, row.opportunity_id): view_of(row._mapping) for row in rows}


def _view(before: Mapping[tuple[UUID, UUID], OpportunityView], key: StreamKey) -> OpportunityView:
    return before.get((key.tenant_id, key.stream_id)) or OpportunityView(opportunity_id=key.stream_id)


def _row(key: StreamKey, view: OpportunityView) -> dict[str, Any]:
    term = term_of(view)
    return {
        "tenant_id": key.tenant_id,
        "opportunity_id": key.stream_id,
        "subscription_id": term.subscription_id,
        "customer_key": term.customer_key,
        "state": view.stage,
        "due_on": view.due_on,
        "base_minor": term.base.minor,
        "currency": term.base.currency,
        "successor_subscription_id": view.decision.successor_subscription_id if view.decision else None,
        "version": view.version,
        "opportunity": msgspec.to_builtins(view),
    }


def term_of(view: OpportunityView) -> ExpiringTerm:
    """Every stream begins with its term."""
    assert view.term is not None
    return view.term


def view_of(row: RowMapping) -> OpportunityView:
    return msgspec.convert(row["opportunity"], OpportunityView)


def of_tenant(
    unit: UnitOfWork,
    *,
    state: str | None = None,
    customer: str | None = None,
    subscription_id: UUID | None = None,
    due_from: date | None = None,
    due_to: date | None = None,
) -> Select[Any]:
    """Due in `[due_from, due_to)`. Terms whose day has not come are shown only where state `tracked` is asked for."""
    found = select(opportunities).where(
        opportunities.c.tenant_id == unit.tenant_id,
        opportunities.c.state == state if state else opportunities.c.state != "tracked",
    )
    if customer is not None:
        found = found.where(opportunities.c.customer_key == customer)
    if subscription_id is not None:
        found = found.where(opportunities.c.subscription_id == subscription_id)
    if due_from is not None:
        found = found.where(opportunities.c.due_on >= due_from)
    if due_to is not None:
        found = found.where(opportunities.c.due_on < due_to)
    return found


def get(unit: UnitOfWork, opportunity_id: UUID) -> OpportunityView:
    wanted = select(opportunities).where(
        opportunities.c.tenant_id == unit.tenant_id, opportunities.c.opportunity_id == opportunity_id
    )
    row = unit.tx.execute(wanted).mappings().first()
    if row is None:
        raise OpportunityNotFound("no such renewal opportunity")
    return view_of(row)


def migrated_in_minor(unit: UnitOfWork, subscription_id: UUID, currency: str) -> int:
    """Base of what was superseded by this subscription; it changes no base that is frozen."""
    found = select(func.coalesce(func.sum(opportunities.c.base_minor), 0)).where(
        opportunities.c.tenant_id == unit.tenant_id,
        opportunities.c.successor_subscription_id == subscription_id,
        opportunities.c.currency == currency,
        opportunities.c.state == "superseded",
    )
    return int(unit.tx.execute(found).scalar_one())


def as_known_at(unit: UnitOfWork, instant: datetime) -> Iterator[OpportunityView]:
    """Every opportunity of the tenant as it would have been shown then."""
    views: dict[UUID, OpportunityView] = {}
    for batch in unit.session.store.everything(unit.tx, tenant_id=unit.tenant_id, categories=[OPPORTUNITY.category]):
        known = (entry for entry in batch if entry.cause.recorded_at <= instant)
        for key, entries in by_stream(known).items():
            view = views.get(key.stream_id) or OpportunityView(opportunity_id=key.stream_id)
            views[key.stream_id] = fold(view, entries)
    return (view for view in views.values() if view.stage != "tracked")
