"""What was ever stored is read for ever: an event gains optional fields, and otherwise a new name and an upcaster."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from shared.decider import Decider
from tests.contracts.samples import sample
from tests.contracts.stored_events import GOLDEN, StoredEvent, stored_events

STORED = stored_events()


@pytest.mark.parametrize("event", STORED, ids=lambda event: event.file.stem)
def test_every_form_that_was_stored_is_read_and_keeps_all_it_said(event: StoredEvent) -> None:
    assert event.written is not None, "new event: run `python -m tests.contracts.stored_events`"
    assert list(event.breaches()) == []
    assert event.written == event.today, "new optional field: run `python -m tests.contracts.stored_events`"


@pytest.mark.parametrize("event", [e for e in STORED if e.kind], ids=lambda event: event.file.stem)
def test_the_latest_form_is_the_object_that_was_stored(event: StoredEvent) -> None:
    assert event.kind is not None
    assert event.read(event.written["forms"][-1]) == sample(event.kind)


def test_no_stored_event_has_vanished() -> None:
    assert set(GOLDEN.glob("*.json")) - {event.file for event in STORED} == set()


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung:
    times: int
    rope: Literal["long", "short"] = "long"
    by: str | None = None


def test_a_new_event_is_written_down_full_and_sparse(bell: StoredEvent) -> None:
    assert bell.written is None
    assert bell.today["forms"] == [{"times": 7, "rope": "long", "by": None}, {"times": 7, "rope": "long", "by": "text"}]


def test_an_optional_field_adds_a_form_and_the_earlier_ones_stay(bell: StoredEvent) -> None:
    write_down(bell, [{"times": 7}])
    assert list(bell.breaches()) == []
    assert bell.today["forms"][0] == {"times": 7} and len(bell.today["forms"]) == 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentBell(BellRung):
    times: int | None  # type: ignore[assignment]


def test_where_null_may_be_from_now_on_the_full_form_is_still_the_last(bell: StoredEvent) -> None:
    write_down(bell, **bell.today)
    silent = replace(bell, decider=replace(bell.decider, event_types={"bell_rung": SilentBell}))
    assert [form["times"] for form in silent.today["forms"]] == [7, None, 7]
    assert silent.today["forms"][-1] == bell.written["forms"][-1]


@pytest.mark.parametrize(
    ("form", "choices", "breach"),
    [
        ({"times": 7, "weight": 3}, {}, "form 0 /weight vanished"),
        ({"times": 7, "rope": "short"}, {}, None),
        ({"times": 7, "rope": "none"}, {}, "form 0 cannot be read any more: Invalid enum value 'none' - at `$.rope`"),
        ({"times": "7"}, {}, "form 0 cannot be read any more: Expected `int`, got `str` - at `$.times`"),
        ({"rope": "long"}, {}, "form 0 cannot be read any more: Object missing required field `times`"),
        ({"times": 7}, {"/rope": ["long", "frayed"]}, "/rope was 'frayed'"),
    ],
)
def test_the_test_tells_what_cannot_be_read(
    bell: StoredEvent, form: dict[str, Any], choices: dict[str, Any], breach: str | None
) -> None:
    write_down(bell, [form], choices)
    assert list(bell.breaches()) == ([] if breach is None else [breach])


def test_a_form_that_was_changed_is_found(bell: StoredEvent) -> None:
    write_down(bell, **bell.today)
    assert bell.written == bell.today
    bell.file.write_text(bell.file.read_text().replace('"text"', '"other"'))
    assert bell.written != bell.today


def test_a_name_that_is_only_read_stays_readable() -> None:
    def louder(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "bell_rung", {"times": data["strokes"]}

    old = StoredEvent("tower", "bell_struck", decider({"bell_struck": louder}))
    assert old.read({"strokes": 3}) == BellRung(times=3)


@pytest.fixture
def bell(tmp_path: Path) -> StoredEvent:
    return StoredEvent("tower", "bell_rung", decider(), tmp_path)


def write_down(event: StoredEvent, forms: list[dict[str, Any]], choices: dict[str, Any] | None = None) -> None:
    event.file.write_text(json.dumps({"forms": forms, "choices": choices or {}}))


def decider(upcasters: Any = None) -> Decider[Any, Any, Any]:
    return Decider("bell", None, lambda _, __: [], lambda state, _: state, {"bell_rung": BellRung}, upcasters or {})
