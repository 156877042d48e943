"""Stored names of events are for ever; what is no longer written is read through upcasters."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from shared.decider import Decider
from shared.event_types import EventTypes, UnknownEventType
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """How it is written today."""

    weight: Decimal
    unit: str
    price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    metres: int


def decider(**more: Any) -> Decider[Any, Any, Any]:
    return Decider("stone", None, lambda s, c: [], lambda s, e: s, {"weighed_v3": Weighed, "thrown": Thrown}, **more)


def in_kilograms(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "weighed_v2", {"weight": data["kilograms"], "unit": "kg"}


def exact(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "weighed_v3", data | {"weight": str(data["weight"])}


def test_an_event_comes_back_as_it_was() -> None:
    event = Weighed(weight=Decimal("1.50"), unit="kg", price=Money(5, "EUR"))
    types = EventTypes([decider()])
    assert types.decode("stone", types.name(event), msgspec.json.encode(event).decode()) == event


def test_a_field_that_is_no_longer_known_does_no_harm() -> None:
    assert EventTypes([decider()]).decode("stone", "thrown", '{"metres": 3, "by": "ann"}') == Thrown(metres=3)


def test_every_version_ever_stored_is_read_through_all_its_upcasters() -> None:
    types = EventTypes([decider(upcasters={"weighed": in_kilograms, "weighed_v2": exact})])
    today = Weighed(weight=Decimal(7), unit="kg")
    assert types.decode("stone", "weighed", '{"kilograms": 7}') == today
    assert types.decode("stone", "weighed_v2", '{"weight": 7, "unit": "kg"}') == today
    assert types.decode("stone", "weighed_v3", '{"weight": "7", "unit": "kg"}') == today


def test_an_event_of_a_newer_release_is_not_guessed() -> None:
    with pytest.raises(UnknownEventType, match=r"'melted' in the events of 'stone'.*deploy the version that wrote it"):
        EventTypes([decider()]).decode("stone", "melted", "{}")


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="named twice"):
        EventTypes([decider(), decider()])
