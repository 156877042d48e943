"""Subscriptions as their rows tell them, with the agreed lines shared: most customers agreed to what others did, in the same
words."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from types import GenericAlias
from typing import Any, get_type_hints

import msgspec

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.events import Term
from services.billing.domain.subscription.state import Subscription

_LINE = msgspec.json.Decoder(AgreedLine)


@dataclass(frozen=True, slots=True)
class SharedLines:
    """`known` has the line of each term by its words, so that equal lines are one object. Amendments have their own."""

    known: dict[bytes, AgreedLine] = field(default_factory=dict)

    def subscription(self, words: str) -> Subscription:
        told = _values(_SUBSCRIPTION.decode(words))
        return Subscription(**told | {"terms": tuple(self._term(term) for term in told["terms"])})

    def _term(self, told: msgspec.Struct) -> Term:
        term = _values(told)
        return Term(**term | {"line": self._line(term["line"])})

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
_SUBSCRIPTION = msgspec.json.Decoder(_but(Subscription, terms=GenericAlias(tuple, (_TERM, ...))))
