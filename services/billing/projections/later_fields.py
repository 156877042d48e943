"""Fields that customers, plans and lines had only later are left out of rows where they say nothing: rows of the release
before are then as a rebuild makes them."""

from __future__ import annotations

from typing import Any

import msgspec

_NOTHING: dict[str, tuple[Any, ...]] = {
    "trial_reminder_days": (None,),
    "payment": ("on_invoice",),
    "starts": ("date",),
    "latest_start": (None,),
    "progressive": (None, {}),
    "estimate_after_days": (None,),
    "size_band": (None,),
    "industry": ("",),
    "tier": ("",),
    "cost_centre": (None,),
}


def told(agreed: Any) -> dict[str, Any]:
    """A customer, a plan version or an agreed line in builtins."""
    document: dict[str, Any] = msgspec.to_builtins(agreed)
    for minimum in (document.get("minimum"), *document.get("minimums", {}).values()):
        if minimum is not None and minimum["true_up"] == "period":
            del minimum["true_up"]
    return {name: value for name, value in document.items() if value not in _NOTHING.get(name, ())}
