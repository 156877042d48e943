"""What the run leaves behind: files made from answers of the REST APIs, for anybody to compare."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from api import Json, Services

COMPLETENESS = ("received", "metered", "repeated", "rejected", "unmatched", "pending")
METRICS = (
    "due_count",
    "due_base_minor",
    "resolved_count",
    "won_count",
    "on_time_count",
    "lost_count",
    "lost_base_minor",
    "superseded_count",
    "gross_renewal_rate",
    "net_conversion",
)


def write(out: Path, services: Services, story: Json, timings: Json) -> list[Json]:
    """Writes every file of the example into a directory; returns the invoices, oldest first."""
    out.mkdir(parents=True, exist_ok=True)
    invoices = sorted(services.pages("billing", "/v1/invoices"), key=lambda i: (i["issued_on"], i["number"]))
    _table(out / "invoices.csv", _INVOICE, invoices)
    _table(out / "lines.csv", _LINE, (_line(invoice, line) for invoice in invoices for line in invoice["lines"]))
    holds = sorted(services.pages("entitlement", "/v1/holds"), key=lambda hold: (hold["placed_at"], hold["account"]))
    _table(out / "suspensions.csv", _HOLD, (_hold(hold) for hold in holds))
    due = {"due_from": story["flights_from"], "due_to": story["flights_to"]}
    opportunities = sorted(services.pages("renewals", "/v1/opportunities", **due), key=lambda o: str(o["customer"]))
    _table(out / "opportunities.csv", _OPPORTUNITY, (_opportunity(o) for o in opportunities))
    metrics = services.call("renewals", "GET", "/v1/metrics/renewals", **due)
    _document(out / "metrics.json", {name: metrics[name] for name in METRICS})
    statement = services.call(
        "usage", "GET", "/v1/completeness", **{"from": "2012-12-01T00:00:00Z", "to": "2014-02-01T00:00:00Z"}
    )
    _document(out / "usage.json", {name: statement[name] for name in COMPLETENESS})
    _document(out / "timings.json", timings)
    return invoices


_INVOICE = ("customer", "number", "issued_on", "subtotal_minor", "tax_minor", "total_minor", "status")
_LINE = ("number", "customer", "issued_on", "charge", "group", "quantity", "amount_minor")
_HOLD = ("customer", "hold", "placed_at", "removed_at")
_OPPORTUNITY = ("customer", "state", "reason", "decided_on", "base_minor", "booked_minor")


def _line(invoice: Json, line: Json) -> Json:
    return line | {name: invoice[name] for name in ("number", "customer", "issued_on")}


def _hold(hold: Json) -> Json:
    return hold | {"customer": hold["account"], "removed_at": hold["removed_at"] or ""}


def _opportunity(opportunity: Json) -> Json:
    return opportunity | {
        "reason": opportunity["reason"] or "",
        "booked_minor": opportunity["booked_minor"] or 0,
    }


def _table(path: Path, columns: Iterable[str], rows: Iterable[Json]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(columns), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _document(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
