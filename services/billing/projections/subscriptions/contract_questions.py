"""What contracts were worth, and what was billed of them, at an instant: read from their rows, however long the log is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from services.billing.domain.billed_items import Billed
from services.billing.domain.contract_value import ContractItems
from services.billing.domain.plan import RevenueClass
from services.billing.domain.recurring import AnnualValue
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.projections.subscriptions.shared_lines import SharedLines
from shared.statements import run
from shared.unit_of_work import UnitOfWork

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a contract is sold for in a year, by day; `first_id` is the first subscription that it was."""

    first_id: UUID
    currency: str
    is_paused: bool
    annual: tuple[AnnualValue, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What all its terms come to, in minor units; equal `basis` says that nothing else was agreed."""

    currency: str
    basis: str
    agreed: Mapping[RevenueClass, int]


@dataclass(frozen=True, slots=True)
class OpenContract:
    subscription_id: UUID
    currency: str
    items: ContractItems
    billed: Billed


def standing(unit: UnitOfWork, until: datetime) -> dict[UUID, Standing]:
    """By subscription, as it was known right before an instant."""
    annual = _reading(tuple[AnnualValue, ...])
    rows = run(unit.tx, _STANDING, {"tenant": unit.tenant_id, "until": until})
    return {id_: Standing(first, currency, paused, annual.decode(v)) for id_, first, currency, paused, v in rows}


def agreed_between(unit: UnitOfWork, start: datetime, end: datetime) -> Iterator[tuple[Agreement | None, Agreement]]:
    """Of each contract that something was said about meanwhile: before, None where there was none, and after."""
    where = {"tenant": unit.tenant_id, "start": start, "end": end}
    after = _agreements(unit, _CHANGED, where)
    before = _agreements(unit, _BEFORE, where | {"ids": list(after)}) if after else {}
    return ((before.get(id_), agreement) for id_, agreement in after.items())


def open_contracts(unit: UnitOfWork, until: datetime, last_day: date) -> Iterator[OpenContract]:
    """All there were right before an instant, with what was billed by then; an invoice counts that was issued by the
    `last_day`."""
    items, through = _reading(ContractItems), _reading(dict[str, date])
    waiting = _waiting(unit, until, last_day)
    for id_, currency, told, days in run(unit.tx, _ITEMS, {"tenant": unit.tenant_id, "until": until}):
        billed = Billed(through.decode(days) if days else {}, waiting.get(id_, frozenset()))
        yield OpenContract(id_, currency, items.decode(told), billed)


def usage_items(unit: UnitOfWork, until: datetime) -> dict[UUID, tuple[UsageItem, ...]]:
    """The usage periods of each subscription that has any, of all its terms."""
    usage = _reading(tuple[UsageItem, ...])
    rows = run(unit.tx, _USAGE, {"tenant": unit.tenant_id, "until": until})
    return {id_: usage.decode(told) for id_, told in rows if told != "[]"}


def conditions(
    unit: UnitOfWork, ids: Iterable[UUID], lines: SharedLines, *, until: datetime | None = None
) -> dict[UUID, Subscription]:
    """What prices follow from: subscriptions as they stand, or stood right before an instant, without what was billed of
    them."""
    where = {"tenant": unit.tenant_id, "until": until, "ids": list(ids)}
    return {id_: lines.subscription(told) for id_, told in run(unit.tx, _CONDITIONS, where)}


def _waiting(unit: UnitOfWork, until: datetime, last_day: date) -> dict[UUID, set[tuple[str, date]]]:
    """By subscription: what bills took that had no invoice by then."""
    places, found = _reading(list[tuple[str, date]]), defaultdict(set)
    for id_, told in run(unit.tx, _WAITING, {"tenant": unit.tenant_id, "until": until, "day": last_day}):
        found[id_].update(places.decode(told))
    return found


def _agreements(unit: UnitOfWork, statement: str, where: Mapping[str, Any]) -> dict[UUID, Agreement]:
    agreed = _reading(dict[RevenueClass, int])
    rows = run(unit.tx, statement, where)
    return {id_: Agreement(currency, basis, agreed.decode(told)) for id_, currency, basis, told in rows}


def _reading(shape: type[Shape]) -> msgspec.json.Decoder[Shape]:
    return msgspec.json.Decoder(shape)


_STANDING = """
SELECT DISTINCT ON (subscription_id) subscription_id, first_id, currency, is_paused, annual::text
FROM contracts WHERE tenant_id = %(tenant)s AND known_from < %(until)s
ORDER BY subscription_id DESC, known_from DESC"""

_CHANGED = """
SELECT DISTINCT ON (subscription_id) subscription_id, currency, basis, agreed::text
FROM contracts WHERE tenant_id = %(tenant)s AND known_from >= %(start)s AND known_from < %(end)s
ORDER BY subscription_id DESC, known_from DESC"""

_BEFORE = """
SELECT DISTINCT ON (subscription_id) subscription_id, currency, basis, agreed::text
FROM contracts WHERE tenant_id = %(tenant)s AND subscription_id = ANY(%(ids)s) AND known_from < %(start)s
ORDER BY subscription_id DESC, known_from DESC"""

_ITEMS = """
SELECT c.subscription_id, c.currency, c.items::text, b.through::text
FROM (SELECT DISTINCT ON (subscription_id) subscription_id, currency, items
  FROM contracts WHERE tenant_id = %(tenant)s AND known_from < %(until)s
  ORDER BY subscription_id DESC, known_from DESC) c
LEFT JOIN LATERAL (SELECT through FROM contract_bills
  WHERE tenant_id = %(tenant)s AND subscription_id = c.subscription_id AND known_from < %(until)s
  ORDER BY version DESC LIMIT 1) b ON true"""

_USAGE = """
SELECT DISTINCT ON (subscription_id) subscription_id, usage::text
FROM contracts WHERE tenant_id = %(tenant)s AND known_from < %(until)s
ORDER BY subscription_id DESC, known_from DESC"""

_CONDITIONS = """
SELECT DISTINCT ON (subscription_id) subscription_id, conditions::text
FROM contracts WHERE tenant_id = %(tenant)s AND subscription_id = ANY(%(ids)s)
  AND known_from < COALESCE(%(until)s, 'infinity'::timestamptz)
ORDER BY subscription_id DESC, known_from DESC"""

_WAITING = """
SELECT subscription_id, items::text FROM contract_bills
WHERE tenant_id = %(tenant)s AND known_from < %(until)s AND invoice_id IN (
  SELECT invoice_id FROM waiting_bills WHERE tenant_id = %(tenant)s
  UNION ALL
  SELECT COALESCE(bill_id, invoice_id) FROM invoices LEFT JOIN invoice_parts USING (tenant_id, invoice_id)
  WHERE tenant_id = %(tenant)s AND status <> 'discarded' AND (issued_on IS NULL OR issued_on > %(day)s))"""
