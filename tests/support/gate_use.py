"""The year of gate use, calculated from the file of flights alone: what every implementation must come to."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from math import ceil, floor
from pathlib import Path
from zoneinfo import ZoneInfo

FLIGHTS = Path("examples/gate-use-2013/flights-2013.csv.gz")
NEW_YORK = ZoneInfo("America/New_York")
AIRLINES = ("9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV")
NOT_RENEWED_IN_TIME = ("F9", "FL", "OO", "US")
TAX = Fraction(8875, 100000)

Lines = dict[tuple[str, str], tuple[int, int]]  # (charge, group) -> quantity, minor units


@dataclass
class Month:
    departures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    miles: int = 0
    aircraft: set[str] = field(default_factory=set)
    destinations: set[str] = field(default_factory=set)
    cancelled: int = 0
    delay: int = 0


@cache
def invoices() -> dict[tuple[str, str], Lines]:
    """Lines other than zero of every invoice, by airline and day of issue."""
    months = _months()
    expected = {(airline, "2013-01-01"): _fee(150000) for airline in AIRLINES}
    for airline in AIRLINES:
        for month in range(1, 13):
            issued_on = f"2013-{month + 1:02}-01" if month < 12 else "2014-01-01"
            expected[airline, issued_on] = _advance(airline, issued_on) | _usage(months[airline, month])
    expected["F9", "2014-01-20"] = _fee(156000) | {("reinstatement", ""): (1, 19489)}
    return {key: {charge: line for charge, line in lines.items() if line[1]} for key, lines in expected.items()}


def totals(lines: Lines) -> tuple[int, int, int]:
    """Subtotal, tax, total."""
    subtotal = sum(amount for _, amount in lines.values())
    tax = _half_up(subtotal * TAX)
    return subtotal, tax, subtotal + tax


def _months() -> dict[tuple[str, int], Month]:
    months: dict[tuple[str, int], Month] = defaultdict(Month)
    with gzip.open(FLIGHTS, "rt", newline="") as file:
        for flight in csv.DictReader(file):
            at = datetime.strptime(flight["scheduled_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            _count(months[flight["airline"], at.astimezone(NEW_YORK).month], flight)
    return months


def _count(month: Month, flight: dict[str, str]) -> None:
    if not flight["departure_delay_minutes"]:
        month.cancelled += 1
        return
    month.departures[flight["origin"]] += 1
    month.miles += int(flight["distance_miles"])
    month.aircraft |= {flight["tail_number"]} - {""}
    month.destinations.add(flight["destination"])
    month.delay += max(0, int(flight["departure_delay_minutes"]))


def _fee(minor: int) -> Lines:
    return {("platform_fee", ""): (1, minor)}


def _advance(airline: str, issued_on: str) -> Lines:
    if issued_on < "2014":
        return _fee(150000)
    return {} if airline in NOT_RENEWED_IN_TIME else _fee(156000)


def _usage(month: Month) -> Lines:
    lines: Lines = {("departures", origin): (n, _departures(n)) for origin, n in month.departures.items()}
    lines["distance", ""] = (month.miles, 850 * ceil(max(0, month.miles - 50000) / 10000))
    aircraft, destinations = len(month.aircraft), len(month.destinations)
    lines["aircraft", ""] = (aircraft, aircraft * (14000 if aircraft <= 50 else 11000 if aircraft <= 200 else 8500))
    lines["destinations", ""] = (destinations, 25000 * max(0, destinations - 20))
    lines["cancellations", ""] = (month.cancelled, 4500 * month.cancelled)
    lines["delay_minutes", ""] = (month.delay, _half_up(Fraction(375, 100) * month.delay))
    billed = sum(amount for _, amount in lines.values())
    return lines | {("true_up", ""): (1, max(0, 500000 - billed))}


def _departures(n: int) -> int:
    return min(n, 300) * 3000 + max(0, min(n, 1500) - 300) * 2250 + max(0, n - 1500) * 1575


def _half_up(minor: Fraction) -> int:
    return floor(minor + Fraction(1, 2))
