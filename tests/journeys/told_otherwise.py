"""The flights of the year as a careless reporter tells them: in any order, a part as backfills, three batches wrong at first.

Run as a program beside the example, whose story it tells with flights of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Annotated, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import results
import typer
from api import Json, Services, answered
from chapters import Story
from flights import BATCH, Flights, post
from run import HERE, Year
from timeline import begins_at, slices

IN_BACKFILLS = 0.1
WRONG_IN_MONTHS = (3, 6, 9)
PATIENCE_SECONDS = 120
NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class ToldOtherwise(Flights):
    """`is_late`: what was wrong is corrected once it has been invoiced, and otherwise before its period ends."""

    is_late: bool = False
    random: Random = field(default_factory=lambda: Random(2013))
    to_correct: list[tuple[int, Json]] = field(default_factory=list)
    wrong_months: set[int] = field(default_factory=set)
    backfills: int = 0

    def send(self, client: httpx.Client, end: datetime) -> int:
        told = list(self.until(end))
        self.sent += len(told)
        self.random.shuffle(told)
        split = round(len(told) * IN_BACKFILLS)
        self._backfill(client, told[:split])
        for batch in _cut(told[split:]):
            post(client, self._with_mistakes(batch, end.astimezone(NEW_YORK).month))
        self._correct(client, end.astimezone(NEW_YORK).month)
        return len(told)

    def _with_mistakes(self, batch: list[Json], month: int) -> list[Json]:
        if month not in WRONG_IN_MONTHS or month in self.wrong_months or len(batch) < BATCH:
            return batch
        self.wrong_months.add(month)
        self.to_correct += [(month, event) for event in batch]
        return [event | {"data": _wrong(event["data"])} for event in batch]

    def _correct(self, client: httpx.Client, month: int) -> None:
        due = [event for wrong, event in self.to_correct if not self.is_late or wrong != month]
        self.to_correct = [(wrong, event) for wrong, event in self.to_correct if self.is_late and wrong == month]
        for batch in _cut([_correction(event) for event in due]):
            post(client, batch)

    def _backfill(self, client: httpx.Client, events: list[Json]) -> None:
        if not events:
            return
        self.backfills += 1
        batch = _call(client, "POST", "/v1/backfills", {"name": f"part-{self.backfills}"})
        path = f"/v1/backfills/{batch['backfill_id']}"
        content = "\n".join(json.dumps(event) for event in events)
        headers = {"Content-Type": "application/jsonl"}
        answered(lambda: client.post(f"{path}/loads", content=content, headers=headers))
        _call(client, "POST", f"{path}/preview", {})
        seen = _until(client, path, lambda shown: not shown["is_previewing"])["preview"]
        assert seen["outcome"]["new"] == len(events), seen
        _call(client, "POST", f"{path}/commit", {"rows": len(events)})
        _until(client, path, lambda shown: shown["status"] == "committed")


def _wrong(data: Json) -> Json:
    """Another gate, a longer way, another aircraft, a later departure: every meter counts something else."""
    return data | {
        "origin": "XXX",
        "destination": "XXX",
        "distance_miles": data["distance_miles"] * 7,
        "tail_number": "XXX",
        **({"departure_delay_minutes": 1000} if "departure_delay_minutes" in data else {}),
    }


def _correction(event: Json) -> Json:
    said = {"source": event["source"], "id": event["id"], "reason": "read from the wrong column", "data": event["data"]}
    about = {name: event[name] for name in ("specversion", "subject", "time")}
    return about | {"id": f"correction of {event['id']}", "source": "/desk", "type": "usage.corrected", "data": said}


def _cut(events: list[Json]) -> Iterator[list[Json]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]


def _call(client: httpx.Client, method: str, path: str, body: Json) -> Json:
    headers = {"Idempotency-Key": uuid4().hex}
    answer: Json = answered(lambda: client.request(method, path, json=body, headers=headers)).json()
    return answer


def _until(client: httpx.Client, path: str, is_so: Any) -> Json:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown: Json = answered(lambda: client.get(path)).json()
        if is_so(shown):
            return shown
        if time.monotonic() > give_up_at:
            raise SystemExit(f"{path}: {shown}")
        time.sleep(0.05)


def main(
    stack: Annotated[Path, typer.Option()],
    out: Annotated[Path, typer.Option()],
    tenant: Annotated[str, typer.Option()],
    late: Annotated[bool, typer.Option()] = False,
) -> None:
    contract, plot = (json.loads((HERE / name).read_text()) for name in ("contract.json", "story.json"))
    services = Services.of(stack, tenant)
    flights = ToldOtherwise(HERE / "flights-2013.csv.gz", is_late=late)
    year = Year(services, Story(services, contract, plot["unpaid"]), flights)
    zone = ZoneInfo(contract["zone"])
    first_seen: dict[str, Json] = {}
    year.begin(begins_at(plot, zone))
    for cut in slices(plot, zone, daily=False):
        year.live(cut)
        for invoice in services.pages("billing", "/v1/invoices"):
            first_seen.setdefault(invoice["number"], invoice)
    results.write(out, services, plot, {})
    documents = list(services.pages("billing", "/v1/invoices"))
    verified = [
        services.call("billing", "POST", f"/v1/invoices/{each['invoice_id']}/verify", {})["equal"] for each in documents
    ]
    found = {"first_seen": first_seen, "documents": documents, "verified": verified, "backfills": flights.backfills}
    (out / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    typer.run(main)
