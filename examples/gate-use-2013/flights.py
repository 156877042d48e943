"""Flights of the year as CloudEvents, in batches, sent by several connections at once."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from api import answered

BATCH = 500
CONNECTIONS = 4
REPEATED = 20  # every so many batches one is sent twice; nothing may change


def event(row: dict[str, str]) -> dict[str, Any]:
    """A departed or cancelled flight; what is empty in the records is left out."""
    departed = bool(row["departure_delay_minutes"])
    data = {"origin": row["origin"], "destination": row["destination"], "distance_miles": int(row["distance_miles"])}
    if row["tail_number"]:
        data["tail_number"] = row["tail_number"]
    if departed:
        data["departure_delay_minutes"] = int(row["departure_delay_minutes"])
    return {
        "specversion": "1.0",
        "id": row["id"],
        "source": "/gates",
        "type": "flight.departed" if departed else "flight.cancelled",
        "subject": row["airline"],
        "time": row["scheduled_at"],
        "data": data,
    }


@dataclass
class Flights:
    """The file, read once from front to back: each slice takes what is scheduled up to its end."""

    path: Path
    sent: int = 0
    repeated: int = 0
    batches: int = 0
    by_customer: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = self._read()
        self._next: dict[str, str] | None = next(self._rows, None)

    def _read(self) -> Iterator[dict[str, str]]:
        with gzip.open(self.path, "rt", newline="") as file:
            yield from csv.DictReader(file)

    def until(self, end: datetime) -> Iterator[dict[str, Any]]:
        text = end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        while self._next is not None and self._next["scheduled_at"] <= text:
            customer = self._next["airline"]
            self.by_customer[customer] = self.by_customer.get(customer, 0) + 1
            yield event(self._next)
            self._next = next(self._rows, None)

    def send(self, client: httpx.Client, end: datetime) -> int:
        """Send and have acknowledged all flights up to an instant; returns how many events were sent."""
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            return sum(threads.map(lambda batch: post(client, batch), self._batches(end)))

    def _batches(self, end: datetime) -> Iterator[list[dict[str, Any]]]:
        flights = self.until(end)
        while batch := list(islice(flights, BATCH)):
            self.batches += 1
            self.sent += len(batch)
            yield batch
            if self.batches % REPEATED == 0:
                self.repeated += len(batch)
                yield batch


def post(client: httpx.Client, batch: list[dict[str, Any]]) -> int:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    body = json.dumps(batch, separators=(",", ":"))
    return int(answered(lambda: client.post("/v1/events", content=body, headers=headers)).json()["accepted"])
