"""Writes down every name under which an event was ever stored: `python -m tests.architecture.event_names`."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from tests.architecture.sources import SERVICES

GOLDEN = Path(__file__).parent / "event_names.json"

Names = dict[str, dict[str, list[str]]]


def readable() -> Names:
    """What each service can read from its database, also where it is no longer written."""
    return {service: _of(service) for service in SERVICES}


def written_down() -> Names:
    names: Names = json.loads(GOLDEN.read_text())
    return names


def _of(service: str) -> dict[str, list[str]]:
    store = importlib.import_module(f"services.{service}.store").create_store()
    return {name: sorted({*d.event_types, *d.upcasters}) for name, d in sorted(store.deciders.items())}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(readable(), indent=1) + "\n")
