"""Quotes as they stand, with every version they had; amounts are computed from the lines when they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.quote import QUOTE, events
from services.billing.domain.quote.approval import OverBudget
from services.billing.domain.quote.state import QuoteNotFound
from services.billing.projections import later_fields
from services.billing.tables import quotes
from shared.event_store import Recorded, StreamKey
from shared.moments import PlayedBack
from shared.statements import write
from shared.unit_of_work import UnitOfWork

FILTERS = ("status", "customer_id", "external_id", "opportunity_id", "subscription_id", "purpose")


@dataclass(frozen=True, slots=True)
class Change:
    """What an event does to the document: new values of its fields, and perhaps a version that is added."""

    status: str
    fields: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)

    def then(self, later: Change) -> Change:
        return Change(later.status, self.fields | later.fields, self.versions | later.versions)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """A draft is the first event of its quote; all that comes after it is one change a quote, and one statement."""
    changes: dict[StreamKey, tuple[Change, int]] = {}
    for entry in recorded:
        if isinstance(entry.event, events.QuoteDrafted):
            write(tx, _upsert, _row(entry, entry.event))
        elif entry.key.category == "quote":
            change = _change(entry.event)
            earlier = changes.get(entry.key)
            changes[entry.key] = (change if earlier is None else earlier[0].then(change), entry.version)
    if changes:
        rows = [_parameters(key, change, version) for key, (change, version) in changes.items()]
        write(tx, _CHANGE, {"rows": msgspec.json.encode(rows).decode()})


_upsert = insert(quotes)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "quote_id"],
    set_={name: _upsert.excluded[name] for name in ("status", "version", "quote")},
)


def _row(entry: Recorded, event: events.QuoteDrafted) -> dict[str, Any]:
    deal = event.deal
    return {
        "tenant_id": entry.tenant_id,
        "quote_id": deal.quote_id,
        "customer_id": deal.party.customer_id,
        "subscription_id": deal.subscription_id,
        "opportunity_id": deal.opportunity_id,
        "external_id": deal.external_id,
        "purpose": deal.purpose,
        "status": "draft",
        "version": entry.version,
        "quote": msgspec.to_builtins(_document(event)),
    }


def _document(event: events.QuoteDrafted) -> dict[str, Any]:
    return {
        "deal": event.deal,
        "version": event.version,
        "is_stale": False,
        "valid_until": event.valid_until,
        "approval": None,
        "approved_by": None,
        "acceptance": None,
        "reason": None,
        "uplift_percent": event.uplift_percent,
        "versions": _version(event, event.deal.requested_by),
    }


def _version(event: events.QuoteDrafted | events.QuoteRevised, by: str) -> dict[str, Any]:
    once = {"items": [later_fields.told(item) for item in event.one_offs.items], "net_days": event.one_offs.net_days}
    same = {"valid_until": event.valid_until, "papers": event.papers, "one_offs": once}
    alternatives = [{"terms": each.terms, "lines": _lines(each.lines)} for each in event.alternatives]
    return {str(event.version): same | {"lines": _lines(event.lines), "alternatives": alternatives, "by": by}}


def _lines(lines: Sequence[AgreedLine]) -> list[dict[str, Any]]:
    return [later_fields.told(line) for line in lines]


def _change(event: events.QuoteEvent) -> Change:
    match event:
        case events.QuoteRevised(version=version, valid_until=valid_until, by=by):
            unapproved = {"is_stale": False, "approval": None, "approved_by": None, "reason": None}
            return Change("draft", unapproved | {"version": version, "valid_until": valid_until}, _version(event, by))
        case events.QuoteApprovalRequested():
            return Change("pending", {"approval": _asked(event), "reason": None})
        case events.QuoteApproved(by=by):
            return Change("approved", {"approved_by": by})
        case events.QuoteRefused(reason=reason):
            return Change("draft", {"reason": reason})
        case events.QuoteSent(valid_until=valid_until):
            return Change("sent", {"valid_until": valid_until})
        case events.QuoteOutdated(reason=reason):
            return Change("draft", {"is_stale": True, "approved_by": None, "reason": reason})
        case _:
            return _ending(event)


def _asked(event: events.QuoteApprovalRequested) -> dict[str, Any]:
    return {
        "level": event.level,
        "discount_percent": event.discount_percent,
        "discount_minor": None if event.discount is None else event.discount.minor,
        "margin_percent": event.margin_percent,
        "beyond": event.beyond,
        "requested_by": event.by,
        **({"over_budget": [_over(each) for each in event.over_budget]} if event.over_budget else {}),
    }


def _over(budget: OverBudget) -> dict[str, Any]:
    return {"cost_centre": budget.cost_centre, "period": budget.period, "over_minor": budget.amount.minor}


def _ending(event: events.QuoteEvent) -> Change:
    match event:
        case events.QuoteAccepted():
            names = ("name", "purchase_order", "accepted_at", "accepted_on", "alternative")
            return Change("accepted", {"acceptance": {name: getattr(event, name) for name in names}})
        case events.QuoteDeclined(reason=reason):
            return Change("declined", {"reason": reason})
        case events.QuoteWithdrawn(reason=reason):
            return Change("withdrawn", {"reason": reason})
        case _:
            return Change("expired")


def _parameters(key: StreamKey, change: Change, version: int) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "quote_id": key.stream_id,
        "status": change.status,
        "version": version,
        "fields": change.fields,
        "versions": change.versions,
    }


THEN = PlayedBack(QUOTE, project, quotes.c.quote_id)


def of_tenant(unit: UnitOfWork, **wanted: str | UUID | None) -> Select[Any]:
    """Those that match every filter that is given; names are columns of FILTERS."""
    mine = select(quotes).where(quotes.c.tenant_id == unit.tenant_id)
    return mine.where(*(quotes.c[name] == wanted[name] for name in FILTERS if wanted.get(name) is not None))


def get(unit: UnitOfWork, quote_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(quotes.c.quote_id == quote_id)).mappings().first()
    if row is None:
        raise QuoteNotFound("no such quote")
    return dict(row)


_CHANGE = """
UPDATE quotes q SET status = changed.status, version = changed.version,
  quote = jsonb_set(q.quote || changed.fields, '{versions}', q.quote->'versions' || changed.versions)
FROM jsonb_to_recordset(%(rows)s::jsonb)
  AS changed(tenant_id uuid, quote_id uuid, status text, version int, fields jsonb, versions jsonb)
WHERE q.tenant_id = changed.tenant_id AND q.quote_id = changed.quote_id"""


def open_renewals(unit: UnitOfWork, subscription_id: UUID) -> list[UUID]:
    """What could still be accepted for its next term."""
    mine = (quotes.c.tenant_id == unit.tenant_id, quotes.c.subscription_id == subscription_id)
    is_open = quotes.c.status.in_(["draft", "pending", "approved", "sent"])
    return list(unit.tx.execute(select(quotes.c.quote_id).where(*mine, is_open).order_by(quotes.c.quote_id)).scalars())
