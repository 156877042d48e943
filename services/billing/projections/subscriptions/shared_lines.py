"""Events of subscriptions with the agreed lines shared: most customers agreed to what others did, in the same words."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, get_type_hints

import msgspec

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import SubscriptionCreated, Term, TermRenewed
from shared.event_types import EventTypes

_TYPES = EventTypes([SUBSCRIPTION])
_LINE = msgspec.json.Decoder(AgreedLine)


@dataclass(frozen=True, slots=True)
class SharedLines:
    """`known` has each line by its words, so that equal lines are one object. Other events that bring lines, such as
    amendments, have their own."""

    known: dict[bytes, AgreedLine] = field(default_factory=dict)

    def decode(self, name: str, data: str) -> Any:
        if name not in _WITH_TERM:
            return _TYPES.decode(SUBSCRIPTION.category, name, data)
        kind, decoder = _WITH_TERM[name]
        told = _values(decoder.decode(data))
        term = _values(told["term"])
        return kind(**told | {"term": Term(**term | {"line": self._line(term["line"])})})

    def _line(self, words: msgspec.Raw) -> AgreedLine:
        key = bytes(words)
        line = self.known.get(key)
        if line is None:
            line = self.known[key] = _LINE.decode(key)
        return line


def _but(kind: type, **instead: Any) -> type[msgspec.Struct]:
    """As `kind` is stored, with other types for these fields."""
    hints = get_type_hints(kind) | instead
    told = [(each.name, hints[each.name], _default(each)) for each in fields(kind)]
    return msgspec.defstruct(kind.__name__, told, kw_only=True, gc=False)


def _default(of: Field[Any]) -> Any:
    if of.default_factory is not MISSING:
        return msgspec.field(default_factory=of.default_factory)
    return msgspec.field() if of.default is MISSING else msgspec.field(default=of.default)


def _values(told: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(told, name) for name in told.__struct_fields__}


_TERM = _but(Term, line=msgspec.Raw)

_WITH_TERM: dict[str, tuple[type, msgspec.json.Decoder[Any]]] = {
    name: (kind, msgspec.json.Decoder(_but(kind, term=_TERM)))
    for name, kind in SUBSCRIPTION.event_types.items()
    if kind in (SubscriptionCreated, TermRenewed)
}
