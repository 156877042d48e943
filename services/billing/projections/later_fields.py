"""Fields that plans and lines had only later are left out of rows where they say nothing: rows of the release before are then
as a rebuild makes them."""

from __future__ import annotations

from typing import Any

import msgspec

_SAYING_NOTHING: dict[str, Any] = {"trial_reminder_days": None}


def told(agreed: Any) -> dict[str, Any]:
    """A plan version or an agreed line in builtins."""
    document: dict[str, Any] = msgspec.to_builtins(agreed)
    for name, nothing in _SAYING_NOTHING.items():
        if document[name] == nothing:
            del document[name]
    return document
