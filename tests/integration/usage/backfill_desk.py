"""Words for tests of backfills: one tenant's batches, loaded and asked for through the API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow
import pyarrow.parquet

from tests.integration.usage.meter_room import Room

BATCH = "application/cloudevents-batch+json"
LINES = "application/jsonl"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"


def as_lines(events: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def as_csv(events: Sequence[dict[str, Any]]) -> bytes:
    """With a column for each name in the data of any of them."""
    names = sorted({name for event in events for name in event["data"]})
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "source", "type", "subject", "time", *(f"data.{name}" for name in names)])
    for event in events:
        data = [event["data"].get(name, "") for name in names]
        writer.writerow([*(event[name] for name in ("id", "source", "type", "subject", "time")), *data])
    return text.getvalue().encode()


def as_parquet(events: Sequence[dict[str, Any]]) -> bytes:
    """Times are instants, and all else is text."""
    names = sorted({name for event in events for name in event["data"]})
    table = {name: [event[name] for event in events] for name in ("id", "source", "type", "subject")}
    table["time"] = [datetime.fromisoformat(event["time"]) for event in events]
    table |= {f"data.{name}": [event["data"].get(name) for event in events] for name in names}
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(table), file)
    return file.getvalue()


FORMATS = {
    BATCH: lambda events: json.dumps(events).encode(),
    LINES: as_lines,
    CSV: as_csv,
    PARQUET: as_parquet,
}


@dataclass
class Desk:
    room: Room
    name: str = "history"

    def __post_init__(self) -> None:
        opened = self.room.client.post("/v1/backfills", json={"name": self.name})
        assert opened.status_code == 200, opened.text
        self.path = f"/v1/backfills/{opened.json()['backfill_id']}"

    def load(self, content: bytes, content_type: str = LINES) -> Any:
        return self.room.client.post(f"{self.path}/loads", content=content, headers={"Content-Type": content_type})

    def loaded(self, *events: dict[str, Any], content_type: str = LINES) -> dict[str, Any]:
        answer = self.load(FORMATS[content_type](list(events)), content_type)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def state(self) -> dict[str, Any]:
        answer = self.room.client.get(self.path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def post(self, what: str, **body: Any) -> Any:
        return self.room.client.post(f"{self.path}/{what}", json=body)

    def previewed(self) -> dict[str, Any]:
        asked = self.post("preview")
        assert asked.status_code == 202, asked.text
        self.room.arrive()
        preview: dict[str, Any] = self.state()["preview"]
        return preview

    def changes(self) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        """Quantities before and after of each period, by its charge and group."""
        items = self.room.client.get(f"{self.path}/changes").json()["items"]
        return {item["charge"]: (quantities(item["before"]), quantities(item["after"])) for item in items}

    def committed(self) -> dict[str, Any]:
        asked = self.post("commit")
        assert asked.status_code == 202, asked.text
        self.room.arrive()
        state = self.state()
        assert state["status"] == "committed", state
        return state

    def rejected(self) -> list[tuple[int, str, str]]:
        """Line, pointer and code of each row that is wrong."""
        items = self.room.client.get(f"{self.path}/rejected").json()["items"]
        return [(item["line"], error["pointer"], error["code"]) for item in items for error in item["errors"]]


def quantities(totals: list[dict[str, Any]]) -> dict[str, str]:
    return {total["group"]: total["quantity"] for total in totals}
