"""The ledger: postings in the transaction of the event that causes them, and what of them is earned by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from typing import Any
from uuid import uuid5

from sqlalchemy import Connection

from services.billing.domain.accounting_period import AccountingPeriodClosed
from services.billing.domain.ledger.posting import Entry, Posting
from services.billing.domain.ledger.recognition import Stretch
from services.billing.domain.ledger.rules import RULES, entries
from services.billing.projections.books import accounting_periods
from services.billing.projections.books.ledger_tellings import tellings
from shared.event_store import Recorded
from shared.statements import Insertion, write_rows

Row = dict[str, Any]


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """In the order of the log: what follows the closing of a month is booked after it."""
    moving = [entry for entry in recorded if type(entry.event) in RULES or _closes(entry)]
    if not moving:
        return
    open_from = accounting_periods.held(tx, moving)
    told = tellings(tx, recorded)
    booked: list[Row] = []
    for entry in moving:
        if isinstance(entry.event, AccountingPeriodClosed):
            open_from[entry.tenant_id] = entry.event.open_from
        else:
            first = open_from.get(entry.tenant_id, date.min)
            booked += (_entry(entry, n, e, first) for n, e in enumerate(entries(told[entry.key, entry.version])))
    accounting_periods.note(tx, moving)
    write_rows(tx, _POSTINGS, [row for entry in booked for row in _postings(entry)])
    write_rows(tx, _TAXES, [row for entry in booked for row in _taxes(entry)])
    write_rows(tx, _RECOGNITIONS, [_recognition(entry) for entry in booked if entry["stretch"]])


def _closes(entry: Recorded) -> bool:
    return isinstance(entry.event, AccountingPeriodClosed)


def _entry(entry: Recorded, number: int, said: Entry, first: date) -> Row:
    """Where an entry stands in the books, of which `first` is the first open day."""
    event = f"{entry.key.category}:{entry.version}"
    return {
        "tenant_id": entry.tenant_id,
        "entry_id": uuid5(entry.stream_id, f"ledger:{event}:{number}"),
        "kind": said.kind,
        "booked_on": max(said.effective_on, first),
        "effective_on": said.effective_on,
        "known_on": max(said.stretch.known_on, first) if said.stretch else None,
        "customer_id": said.subject.customer_id,
        "customer_key": said.subject.customer,
        "invoice_id": said.subject.invoice_id,
        "document": said.subject.document,
        "event": RULES[type(entry.event)].event,
        "event_id": uuid5(entry.stream_id, event),
        "recorded_at": entry.cause.recorded_at,
        "postings": said.postings,
        "stretch": said.stretch,
        "taxed": said.taxed,
    }


def _postings(entry: Row) -> list[Row]:
    at = entry["recorded_at"].astimezone(UTC)
    start = f"{entry['booked_on']}/{at:%Y%m%dT%H%M%S.%f}/{entry['entry_id'].hex}"
    common = {name: entry[name] for name in _POSTINGS.columns if name in entry}
    numbered = enumerate(entry["postings"], start=1)
    return [common | _posting(posting) | {"place": f"{start}/{n:05d}", "number": n} for n, posting in numbered]


def _posting(posting: Posting) -> Row:
    return {
        "account": posting.account,
        "revenue_class": posting.revenue_class,
        "tax_rate": posting.tax_rate,
        "currency": posting.amount.currency,
        "amount_minor": posting.amount.minor,
        "line": posting.line,
        "cost_centre": posting.cost_centre,
    }


def _taxes(entry: Row) -> list[Row]:
    common = {name: entry[name] for name in _TAXES.columns if name in entry}
    return [
        common
        | {name: getattr(taxed, name) for name in ("tax_rate", "treatment", "place", "code", "category", "rate")}
        | {
            "number": number,
            "currency": taxed.taxable.currency,
            "taxable_minor": taxed.taxable.minor,
            "tax_minor": taxed.tax.minor,
        }
        for number, taxed in enumerate(entry["taxed"], start=1)
    ]


def _recognition(entry: Row) -> Row:
    stretch: Stretch = entry["stretch"]
    return {name: entry[name] for name in _RECOGNITIONS.columns if name in entry} | {
        "revenue_class": entry["postings"][0].revenue_class,
        "currency": stretch.total.currency,
        "total_minor": stretch.total.minor,
        "over_from": stretch.over.start,
        "over_to": stretch.over.end,
        "days_from": stretch.days.start,
        "days_to": stretch.days.end,
        "amount_minor": stretch.amount.minor,
    }


_POSTINGS = Insertion(
    "ledger_postings",
    {
        "tenant_id": "uuid",
        "place": "text",
        "entry_id": "uuid",
        "number": "int",
        "kind": "text",
        "booked_on": "date",
        "effective_on": "date",
        "account": "text",
        "revenue_class": "text",
        "tax_rate": "text",
        "currency": "text",
        "amount_minor": "bigint",
        "customer_id": "uuid",
        "customer_key": "text",
        "invoice_id": "uuid",
        "document": "text",
        "line": "int",
        "event": "text",
        "event_id": "uuid",
        "recorded_at": "timestamptz",
        "cost_centre": "text",
    },
    "ON CONFLICT DO NOTHING",
)

_RECOGNITIONS = Insertion(
    "recognitions",
    {
        "tenant_id": "uuid",
        "entry_id": "uuid",
        "invoice_id": "uuid",
        "revenue_class": "text",
        "currency": "text",
        "total_minor": "bigint",
        "over_from": "date",
        "over_to": "date",
        "days_from": "date",
        "days_to": "date",
        "known_on": "date",
        "booked_on": "date",
        "amount_minor": "bigint",
        "recorded_at": "timestamptz",
    },
    "ON CONFLICT DO NOTHING",
)

_TAXES = Insertion(
    "taxed_amounts",
    {
        "tenant_id": "uuid",
        "entry_id": "uuid",
        "number": "int",
        "booked_on": "date",
        "treatment": "text",
        "tax_rate": "text",
        "place": "text",
        "code": "text",
        "category": "text",
        "rate": "text",
        "currency": "text",
        "taxable_minor": "bigint",
        "tax_minor": "bigint",
        "customer_key": "text",
        "invoice_id": "uuid",
        "document": "text",
    },
    "ON CONFLICT DO NOTHING",
)
