"""What contracts are worth from each instant on, and what was billed of them by then: kept with the events that say so.

What took effect before another event that is in the log already is known from that one on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from services.billing.domain import contract_value
from services.billing.domain.billed_items import items_of_bill
from services.billing.domain.recurring import annual_values
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription import events as told
from services.billing.domain.subscription.evolve import evolve
from services.billing.domain.subscription.state import Subscription
from shared.event_store import Recorded, StreamKey
from shared.event_types import EventTypes
from shared.statements import Insertion, run, write_rows

_TYPES = EventTypes([SUBSCRIPTION])
# They change neither what is charged for nor whether it is sold.
_OF_NO_WORTH = (
    told.TermStarted,
    told.SubscriptionTermEnding,
    told.LegalNoticeRecorded,
    told.AutoRenewalRefused,
    told.CorrectionDeferred,
)


@dataclass(slots=True)
class _Contract:
    """As it was told so far: since when, and up to which day each key was billed."""

    known_from: datetime
    has_trial: bool | None = None
    through: dict[str, date] = field(default_factory=dict)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    mine = [entry for entry in recorded if entry.key.category == "subscription"]
    telling = [entry for entry in mine if not isinstance(entry.event, _OF_NO_WORTH)]
    if not telling:
        return
    contracts = _contracts(tx, telling)
    bills: list[dict[str, Any]] = []
    changed: dict[tuple[StreamKey, datetime], Recorded] = {}
    for entry in telling:
        contract = contracts[entry.key]
        contract.known_from = max(contract.known_from, entry.cause.occurred_at)
        if isinstance(entry.event, told.BillRequested):
            bills.append(_bill(entry, entry.event.bill, contract))
        elif contract.has_trial is not False or not isinstance(entry.event, told.SubscriptionActivated):
            changed[entry.key, contract.known_from] = entry
    write_rows(tx, _BILLS, bills)
    if changed:
        states = _states(tx, mine, changed.values())
        write_rows(
            tx, _CONTRACTS, [_row(entry, at, states[entry.key, entry.version]) for (_, at), entry in changed.items()]
        )


def _bill(entry: Recorded, bill: told.Bill, contract: _Contract) -> dict[str, Any]:
    items = list(items_of_bill(bill))
    contract.through = contract.through | {item.key: item.ends_on for item in items}
    return {
        "tenant_id": entry.tenant_id,
        "invoice_id": bill.invoice_id,
        "subscription_id": entry.stream_id,
        "known_from": contract.known_from,
        "version": entry.version,
        "items": [(item.key, item.starts_on) for item in items],
        "through": contract.through,
        "billing_on": bill.billing_on,
        "flat": bill.flat,
        "one_offs": bill.one_offs,
    }


def _row(entry: Recorded, known_from: datetime, subscription: Subscription) -> dict[str, Any]:
    items = contract_value.items_of(subscription)
    first = subscription.origin.subscription_ids[0] if subscription.origin else subscription.subscription_id
    return {
        "tenant_id": entry.tenant_id,
        "subscription_id": entry.stream_id,
        "known_from": known_from,
        "version": entry.version,
        "first_id": first,
        "currency": subscription.currency,
        "is_paused": subscription.status == "paused",
        "has_trial": subscription.trial is not None,
        "basis": contract_value.basis(subscription),
        "annual": list(annual_values(subscription)),
        "agreed": contract_value.agreed(items),
        "items": items,
        "usage": contract_value.usage_of(subscription),
        "conditions": _conditions(subscription),
    }


def _conditions(subscription: Subscription) -> Subscription:
    """What prices follow from, without what was done about it."""
    plain = replace(subscription, billed_through={}, fees=(), late=(), deferred=(), bills=0, reminded=(), noticed=())
    return replace(plain, one_offs=(), one_offs_on=None, ahead=(), counting=(), trued_up={})


def _contracts(tx: Connection, entries: Iterable[Recorded]) -> dict[StreamKey, _Contract]:
    """Those of the entries, as they stood before the first of each."""
    found: dict[StreamKey, _Contract] = {}
    for entry in entries:
        if isinstance(entry.event, told.SubscriptionCreated):
            found[entry.key] = _Contract(entry.cause.occurred_at, entry.event.trial is not None)
    older = {entry.key: entry for entry in reversed(list(entries)) if entry.key not in found}
    if older:
        tenants, _, ids = zip(*older, strict=True)
        for tenant_id, id_, *known in run(tx, _KNOWN, {"tenants": list(tenants), "ids": list(ids)}):
            key = StreamKey(tenant_id, "subscription", id_)
            found[key] = _as_known(older[key].cause.occurred_at, *known)
    return found


def _as_known(
    at: datetime, told_at: datetime | None, has_trial: bool | None, billed_at: datetime | None, through: str | None
) -> _Contract:
    days = msgspec.json.decode(through, type=dict[str, date]) if through else {}
    return _Contract(max(instant for instant in (told_at, billed_at, at) if instant is not None), has_trial, days)


def _states(
    tx: Connection, recorded: Sequence[Recorded], wanted: Iterable[Recorded]
) -> dict[tuple[StreamKey, int], Subscription]:
    """Subscriptions at their versions, with all fees they ever had; one that begins here needs no look at the log."""
    keys, states, heads = {entry.key for entry in wanted}, {}, dict[StreamKey, Subscription]()
    mine = [entry for entry in recorded if entry.key in keys]
    begun = {entry.key: entry.version for entry in reversed(mine)}
    for key, event in _earlier(tx, {key: version for key, version in begun.items() if version > 1}):
        heads[key] = _after(heads.get(key), event)
    for entry in mine:
        heads[entry.key] = states[entry.key, entry.version] = _after(heads.get(entry.key), entry.event)
    return states


def _after(before: Subscription | None, event: Any) -> Subscription:
    """A bill takes no fee away: whether it was billed is for whoever asks."""
    after = evolve(before, event)
    return replace(after, fees=before.fees) if before and isinstance(event, told.BillRequested) else after


def _earlier(tx: Connection, versions: Mapping[StreamKey, int]) -> Iterator[tuple[StreamKey, Any]]:
    if versions:
        tenants, _, ids = zip(*versions, strict=True)
        where = {"tenants": list(tenants), "ids": list(ids), "versions": list(versions.values())}
        for tenant_id, id_, name, data in run(tx, _BEFORE, where):
            yield StreamKey(tenant_id, "subscription", id_), _TYPES.decode("subscription", name, data)


_CHANGING = {
    "version": "int",
    "first_id": "uuid",
    "currency": "text",
    "is_paused": "boolean",
    "has_trial": "boolean",
    "basis": "text",
    "annual": "jsonb",
    "agreed": "jsonb",
    "items": "jsonb",
    "usage": "jsonb",
    "conditions": "jsonb",
}
_CONTRACTS = Insertion(
    "contracts",
    {"tenant_id": "uuid", "subscription_id": "uuid", "known_from": "timestamptz", **_CHANGING},
    f"""ON CONFLICT (tenant_id, subscription_id, known_from) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in _CHANGING)} WHERE contracts.version < excluded.version""",
)

_BILLS = Insertion(
    "contract_bills",
    {
        "tenant_id": "uuid",
        "invoice_id": "uuid",
        "subscription_id": "uuid",
        "known_from": "timestamptz",
        "version": "int",
        "items": "jsonb",
        "through": "jsonb",
        "billing_on": "date",
        "flat": "jsonb",
        "one_offs": "jsonb",
    },
    "ON CONFLICT DO NOTHING",
)

_KNOWN = """
SELECT asked.tenant_id, asked.subscription_id, c.known_from, c.has_trial, b.known_from, b.through::text
FROM unnest(%(tenants)s::uuid[], %(ids)s::uuid[]) AS asked(tenant_id, subscription_id)
LEFT JOIN LATERAL (SELECT known_from, has_trial FROM contracts
  WHERE contracts.tenant_id = asked.tenant_id AND contracts.subscription_id = asked.subscription_id
  ORDER BY known_from DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT known_from, through FROM contract_bills
  WHERE contract_bills.tenant_id = asked.tenant_id AND contract_bills.subscription_id = asked.subscription_id
  ORDER BY version DESC LIMIT 1) b ON true"""

_BEFORE = """
SELECT e.tenant_id, e.stream_id, e.type, e.data::text
FROM unnest(%(tenants)s::uuid[], %(ids)s::uuid[], %(versions)s::int[]) AS asked(tenant_id, stream_id, version)
JOIN events e ON e.tenant_id = asked.tenant_id AND e.category = 'subscription' AND e.stream_id = asked.stream_id
  AND e.version < asked.version
ORDER BY e.tenant_id, e.stream_id, e.version"""
