"""Stored names of events: an explicit map both ways, with upcasters for names that are no longer written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.decider import AnyDecider


class UnknownEventType(Exception):
    """The database holds an event that this version of the service does not know: a later one wrote it."""

    def __init__(self, category: str, name: str):
        super().__init__(
            f"{name!r} in the events of {category!r} is not known to this version: deploy the version that wrote it, "
            "or a later one"
        )


class EventTypes:
    """Of all aggregates of a service. A name, or a type, that is there twice raises ValueError."""

    def __init__(self, deciders: Sequence[AnyDecider]):
        self._names: dict[type, str] = {}
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        self._upcasters = {name: up for decider in deciders for name, up in decider.upcasters.items()}
        for name, kind in ((n, k) for decider in deciders for n, k in decider.event_types.items()):
            if name in self._decoders or kind in self._names:
                raise ValueError(f"event {name!r} or {kind.__name__} is named twice")
            self._names[kind] = name
            self._decoders[name] = msgspec.json.Decoder(kind)

    def name(self, event: object) -> str:
        return self._names[type(event)]

    def decode(self, category: str, name: str, data: str) -> Any:
        while name in self._upcasters:
            name, changed = self._upcasters[name](msgspec.json.decode(data))
            data = msgspec.json.encode(changed).decode()
        if name not in self._decoders:
            raise UnknownEventType(category, name)
        return self._decoders[name].decode(data)
