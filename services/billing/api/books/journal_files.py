"""The journal as files: CSV that a spreadsheet shows and never runs, and JSON lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from shared.ids import shown

COLUMNS = (
    "booked_on",
    "effective_on",
    "entry_id",
    "number",
    "kind",
    "account",
    "revenue_class",
    "tax_rate",
    "currency",
    "debit_minor",
    "credit_minor",
    "customer",
    "customer_id",
    "invoice_id",
    "document",
    "line",
    "event",
    "event_id",
    "recorded_at",
    "cost_centre",
)
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_PREFIXES = {"entry_id": "jnl", "customer_id": "cus", "invoice_id": "inv", "event_id": "evt"}


def as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in _values(row).values()] for row in rows)
    return file.getvalue().encode()


def as_json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(_values(row)) + b"\n" for row in rows)


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    amount = row["amount_minor"]
    said = {
        **row,
        "customer": row["customer_key"],
        "debit_minor": max(amount, 0),
        "credit_minor": max(-amount, 0),
        **{name: row[name] and shown(prefix, row[name]) for name, prefix in _PREFIXES.items()},
    }
    return {name: said[name] for name in COLUMNS}


def cell(value: object) -> object:
    """A text that begins like a formula is text for a spreadsheet once an apostrophe stands before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNS) else value
