"""Every form in which an event was ever stored, one file an event: `python -m tests.contracts.stored_events` adds to it.

A database keeps its events for ever, so what was once written down here is read by every later version. A file has the
forms, oldest first, each full and as sparse as it may be, and the values of fields that know only certain ones. It gains
forms and values, and nothing is written where one of them could not be read any more.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from shared.decider import AnyDecider
from shared.event_types import EventTypes, UnknownEventType
from tests.architecture.sources import SERVICES
from tests.contracts.promises import missing
from tests.contracts.samples import choices, sample, sparse_sample

GOLDEN = Path(__file__).parent / "golden_events"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One stored name; `owner` is the service, or the kernel for what every service stores."""

    owner: str
    name: str
    decider: AnyDecider
    folder: Path = GOLDEN

    @property
    def file(self) -> Path:
        return self.folder / f"{self.owner}.{self.name}.json"

    @property
    def written(self) -> Any:
        """What was written down of it; None if nothing was."""
        return json.loads(self.file.read_text()) if self.file.exists() else None

    @property
    def kind(self) -> type | None:
        """None for a name that is only read, by way of an upcaster."""
        return self.decider.event_types.get(self.name)

    @property
    def today(self) -> Any:
        """What has to be written down of it, today's full form last; of a name that is not stored any more, what there is."""
        before = self.written or {"forms": [], "choices": {}}
        if self.kind is None:
            return before
        sparse, full = _in_json(sparse_sample(self.kind)), _in_json(sample(self.kind))
        earlier = [form for form in before["forms"] if form != full]
        new = [sparse] if sparse not in [*earlier, full] else []
        return {"forms": [*earlier, *new, full], "choices": _merged(before["choices"], choices(self.kind))}

    def read(self, form: Any) -> Any:
        return EventTypes([self.decider]).decode(self.decider.category, self.name, json.dumps(form))

    def breaches(self) -> Iterator[str]:
        """What was stored and cannot be read any more, or would lose something."""
        for number, form in enumerate(self.written["forms"]):
            try:
                event = self.read(form)
            except (msgspec.ValidationError, UnknownEventType) as error:
                yield f"form {number} cannot be read any more: {error}"
            else:
                if self.kind is not None:
                    yield from missing(form, _in_json(event), f"form {number} ")
        for path, values in self.written["choices"].items() if self.kind else ():
            if gone := [value for value in values if value not in choices(self.kind).get(path, values)]:
                yield f"{path} was {', '.join(map(repr, gone))}"


def stored_events() -> list[StoredEvent]:
    found: dict[Path, StoredEvent] = {}
    for service in SERVICES:
        store = importlib.import_module(f"services.{service}.store").create_store()
        for decider in store.deciders.values():
            owner = "kernel" if decider.decide.__module__.startswith("shared.") else service
            for name in (*decider.event_types, *decider.upcasters):
                event = StoredEvent(owner, name, decider)
                found[event.file] = event
    return [found[file] for file in sorted(found)]


def _in_json(event: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(event))


def _merged(before: dict[str, list[Any]], now: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {path: list(dict.fromkeys([*before.get(path, []), *now.get(path, [])])) for path in sorted({*before, *now})}


def write() -> None:
    events = stored_events()
    if broken := {e.file.name: found for e in events if e.written and (found := list(e.breaches()))}:
        sys.exit(f"give these a new name and an upcaster instead: {json.dumps(broken, indent=1)}")
    GOLDEN.mkdir(exist_ok=True)
    for event in events:
        event.file.write_text(json.dumps(event.today, indent=1) + "\n")


if __name__ == "__main__":
    write()
