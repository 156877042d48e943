"""Compares the files of a run of the year with what the flights come to, in words that say what differs."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from tests.support import gate_use

HOLDS = {
    ("VX", "dunning", "2013-07-07T04:00:00Z", "2013-07-25T16:00:00Z"),
    ("F9", "expiry", "2014-01-15T05:00:00Z", "2014-01-20T17:00:00Z"),
    ("OO", "expiry", "2014-01-15T05:00:00Z", ""),
}
DECIDED_OTHERWISE = {
    "F9": ("won", "2014-01-20", 1872000),
    "OO": ("lost", "2014-01-15", 0),
    "US": ("superseded", "2013-12-15", 0),
    "FL": ("superseded", "2013-12-15", 0),
}
METRICS = {
    "due_count": 14,
    "due_base_minor": 25200000,
    "resolved_count": 14,
    "won_count": 13,
    "on_time_count": 12,
    "lost_count": 1,
    "lost_base_minor": 1800000,
    "superseded_count": 2,
    "gross_renewal_rate": "0.9286",
    "net_conversion": "1.0400",
}


def check(out: Path) -> None:
    """Everything there is to say of the year."""
    for part in (check_lines, check_invoices, check_suspensions, check_renewals, check_usage):
        part(out)


def check_lines(out: Path) -> None:
    found: dict[tuple[str, str], gate_use.Lines] = defaultdict(dict)
    for row in rows(out, "lines.csv"):
        if amount := int(row["amount_minor"]):
            line = (int(Decimal(row["quantity"])), amount)
            found[row["customer"], row["issued_on"]][row["charge"], row["group"]] = line
    assert dict(found) == gate_use.invoices()


def check_invoices(out: Path) -> None:
    expected, invoices = gate_use.invoices(), rows(out, "invoices.csv")
    for row in invoices:
        amounts = tuple(int(row[name]) for name in ("subtotal_minor", "tax_minor", "total_minor"))
        assert amounts == gate_use.totals(expected[row["customer"], row["issued_on"]])
    numbers = sorted(int(row["number"].rpartition("-")[2]) for row in invoices)
    assert numbers == list(range(1, 210))
    assert [row["customer"] for row in invoices if row["status"] != "paid"] == ["F9"]


def check_suspensions(out: Path) -> None:
    holds = {(r["customer"], r["hold"], r["placed_at"], r["removed_at"]) for r in rows(out, "suspensions.csv")}
    assert holds == HOLDS


def check_renewals(out: Path) -> None:
    states = {
        row["customer"]: (row["state"], row["decided_on"], int(row["booked_minor"]))
        for row in rows(out, "opportunities.csv")
    }
    in_time = ("won", "2013-12-10", 1872000)
    assert states == {airline: DECIDED_OTHERWISE.get(airline, in_time) for airline in gate_use.AIRLINES}
    assert json.loads((out / "metrics.json").read_text()) == METRICS


def check_usage(out: Path) -> None:
    """Every event was metered once."""
    statement = json.loads((out / "usage.json").read_text())
    assert statement["metered"] == 336776
    assert statement["received"] == statement["metered"] + statement["repeated"]
    assert (statement["rejected"], statement["unmatched"], statement["pending"]) == (0, 0, 0)


def rows(out: Path, name: str) -> list[dict[str, str]]:
    with (out / name).open(newline="") as file:
        return list(csv.DictReader(file))
